import CZorBAKernels
import ZorBATensor

/// Tables, which are walked or looked up in pieces, under a memory budget.
extension ForwardPass {
  /// Begins to fetch the weights of some outputs of the head.
  func prefetch(_ head: Linear, columns: Range<Int>) {
    guard let residency else { return }
    residency.prefetch(weights(of: head, columns: columns), block: block(of: head))
  }

  /// Gives back the weights of some outputs of the head.
  func release(_ head: Linear, columns: Range<Int>) {
    guard let residency else { return }
    residency.release(weights(of: head, columns: columns), block: block(of: head))
  }

  /// Gives back the rows of a table that were looked up.
  func releaseLookups(_ embedding: Embedding, _ indices: ArraySlice<Int32>, offset: Int) {
    guard let residency else { return }
    let parameter = parameters[embedding.table]
    let width = embedding.width * parameter.tensor.dtype.byteCount
    for index in indices {
      residency.release(
        UnsafeRawBufferPointer(start: parameter.tensor.row(Int(index) + offset), count: width),
        block: parameter.id.block)
    }
  }

  /// y = x Wᵀ + b over the whole vocabulary, giving back the head behind itself under a budget.
  ///
  /// Columns are independent of each other, so the pieces make no difference to any of them.
  func logits(_ head: Linear, _ x: Activation, into y: Activation) {
    // Asked of the parameters, so that a measuring pass takes the same way.
    guard let residency = parameters.set.residency else { return linear(head, x, into: y) }
    scope {
      let biases = head.bias.map { vectors($0) }
      withJob(head, accumulate: false) { job in
        linearBranches(head, x, y: y.base, yStride: y.stride, biases: biases)
          .withUnsafeBufferPointer { branches in
            job.branches = branches.baseAddress
            job.branch_count = branches.count
            let scratch = workerScratch(byteCount: kernels.linear_scratch(&job))
            let fixed = job
            let pieces = (head.outputs + Self.columnsPerPiece - 1) / Self.columnsPerPiece
            parallel(pieces, work: x.flatRows * head.inputs * head.outputs) { index, worker in
              var job = fixed
              let start = index * Self.columnsPerPiece
              let columns = start..<min(start + Self.columnsPerPiece, head.outputs)
              kernels.linear(&job, columns.lowerBound, columns.upperBound, scratch[worker])
              residency.release(weights(of: head, columns: columns), block: block(of: head))
            }
          }
      }
    }
  }

  /// Outputs of the head computed before its weights are given back; a multiple of 32.
  static let columnsPerPiece = 256

  private func block(of layer: Linear) -> Int { parameters[layer.weight].id.block }

  /// The rows of a head, which is stored outputs first, that `columns` of its outputs need.
  private func weights(of head: Linear, columns: Range<Int>) -> UnsafeRawBufferPointer {
    let tensor = parameters[head.weight].tensor
    return UnsafeRawBufferPointer(
      start: tensor.row(columns.lowerBound),
      count: columns.count * head.inputs * tensor.dtype.byteCount)
  }
}
