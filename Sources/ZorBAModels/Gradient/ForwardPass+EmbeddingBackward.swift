import CZorBAKernels
import ZorBATensor

extension ForwardPass {
  /// Leaves the step of a lookup: x = table[rows + offset] or x += table[rows + offset].
  func recordLookup(_ embedding: Embedding, rows indices: [Int32], offset: Int, _ x: Activation) {
    guard let recorder else { return }
    recorder.willOverwrite(x, self)
    guard needsGradient(embedding.table) else { return }
    recorder.track(x)
    recorder.append { pass in
      let table = pass.gradient(of: embedding.table)
      let width = embedding.width
      pass.addRows(of: pass.gradient(of: x)) { row in
        table.map { $0 + (Int(indices[row]) + offset) * width }
      }
    }
  }

  /// Leaves the step of a gathering; a row may be taken several times.
  func recordGather(_ x: Activation, rows indices: [Int], _ gathered: Activation) {
    guard let recorder, recorder.isTracked(x) else { return }
    recorder.track(gathered)
    recorder.append { pass in
      let dx = pass.gradient(of: x)
      pass.addRows(of: pass.gradient(of: gathered)) { row in dx.row(indices[row]) }
    }
  }

  /// Adds each row of `x` to the place that belongs to it; places may repeat.
  private func addRows(of x: Activation, to place: (Int) -> UnsafeMutablePointer<Float>?) {
    forColumns(of: x) { columns in
      for row in 0..<x.flatRows {
        guard let to = place(row) else { continue }
        kernels.add(to + columns.lowerBound, x.row(row) + columns.lowerBound, columns.count)
      }
    }
  }
}
