import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// x = table[rows], one row per token.
  func embed(_ embedding: Embedding, rows indices: [Int32], into x: Activation) {
    recordLookup(embedding, rows: indices, offset: 0, x)
    let fetch = rowReader(embedding)
    parallelRows(of: x) { branch, rows in
      for row in rows { fetch(branch, Int(indices[row]), x.row(row, branch: branch)) }
      releaseLookups(embedding, indices[rows], offset: 0)
    }
  }

  /// x += table[rows + offset], one row per token.
  func addEmbedding(_ embedding: Embedding, rows indices: [Int32], offset: Int, to x: Activation) {
    recordLookup(embedding, rows: indices, offset: offset, x)
    let fetch = rowReader(embedding)
    workspace {
      let term = activation(like: x)
      parallelRows(of: x) { branch, rows in
        for row in rows {
          fetch(branch, Int(indices[row]) + offset, term.row(row, branch: branch))
        }
        releaseLookups(embedding, indices[rows], offset: offset)
        let first = rows.lowerBound
        kernels.add(
          x.row(first, branch: branch), term.row(first, branch: branch), rows.count * x.width)
      }
    }
  }

  /// Reads one row of a table as one branch sees it.
  private func rowReader(
    _ embedding: Embedding
  ) -> (_ branch: Int, _ row: Int, _ out: UnsafeMutablePointer<Float>) -> Void {
    let parameter = parameters[embedding.table]
    let tensor = parameter.tensor
    let dtype = tensor.dtype.kernelCode
    let width = embedding.width
    let kernels = kernels
    guard isPerturbed(embedding.table), let plan else {
      return { _, row, out in kernels.expand(tensor.row(row), dtype, width, out) }
    }
    let directions = plan.directions.map { $0.restricted(to: parameter.id) }
    return { branch, row, out in
      let side = plan.side(ofBranch: branch)
      withUnsafePointer(to: directions[side.direction]) { direction in
        kernels.perturbed(
          tensor.row(row), dtype, direction, UInt32(row), 0, width, side.scale, out)
      }
    }
  }

  /// Copies the given rows of every branch into an activation of their own.
  func gather(_ x: Activation, rows indices: [Int]) -> Activation {
    let gathered = activation(rows: indices.count, width: x.width, branches: x.branches)
    recordGather(x, rows: indices, gathered)
    parallelRows(of: gathered) { branch, rows in
      for row in rows {
        gathered.row(row, branch: branch)
          .update(from: x.row(indices[row], branch: branch), count: x.width)
      }
    }
    return gathered
  }
}
