import CZorBAKernels
import ZorBATensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One score that is wanted from the head.
struct VocabularyTarget {
  let token: Int
  /// Row of the head's input.
  let row: Int
  /// Index among one branch's values.
  let place: Int
}

extension ForwardPass {
  /// Columns of the vocabulary computed at a time; a multiple of 32.
  static let tileWidth = 256
  /// Rows of all branches computed at a time: with the width, a tile of 2 MiB per thread.
  private static let tileRows = 2048
  /// Runs of tiles folded independently. Fixed, so that sums do not depend on the thread count.
  private static let runCount = 64

  /// Logits or log-probabilities of `targets`, sorted by token, in every branch.
  ///
  /// The vocabulary is walked in tiles. Each tile's logits are folded into a running maximum and
  /// sum of exponentials (Milakov and Gimelshein, 2018), wanted logits are picked, and the tile is
  /// forgotten: [rows, vocabulary] is never stored. Raw logits need only the tiles with targets.
  ///
  /// - Parameters:
  ///   - rows: The rows of `hidden` that take part; each target's row is one of them.
  ///   - values: [branches, targets], filled at the targets' places.
  func score(
    head: Linear, _ hidden: Activation, rows: Range<Int>, targets: [VocabularyTarget],
    normalised: Bool, into values: inout [Double]
  ) {
    guard !rows.isEmpty, !targets.isEmpty else { return }
    let totals = recordScore(
      head: head, hidden, rows: rows, targets: targets, normalised: normalised)
    workspace {
      let tiles =
        normalised ? Self.allTiles(head.outputs) : Self.tiles(around: targets, of: head.outputs)
      let runs = min(Self.runCount, tiles.count)
      let branches = hidden.branches
      let flatRows = branches * rows.count
      let picked = arena.allocate(Float.self, count: branches * targets.count)
      // [runs, branches, rows]
      let maxima = arena.allocate(Float.self, count: normalised ? runs * flatRows : 0)
      let sums = arena.allocate(Float.self, count: normalised ? runs * flatRows : 0)
      let chunk = min(rows.count, max(1, Self.tileRows / branches))
      let biases = head.bias.map { vectors($0) }
      withJob(head, accumulate: false) { job in
        let tileBytes = branches * chunk * Self.tileWidth * 4
        let scratch = workerScratch(
          byteCount: tileBytes
            + scratchBytes(
              head, &job, hidden, rows: rows.lowerBound..<rows.lowerBound + chunk))
        let fixed = job
        let work = flatRows * head.inputs * tiles.reduce(0) { $0 + $1.count }
        parallel(runs, work: work) { run, worker in
          let tile = scratch[worker].assumingMemoryBound(to: Float.self)
          if normalised {
            (maxima + run * flatRows).update(repeating: -.infinity, count: flatRows)
            (sums + run * flatRows).update(repeating: 0, count: flatRows)
          }
          for index in tiles.count * run / runs..<tiles.count * (run + 1) / runs {
            let columns = tiles[index]
            prefetch(head, columns: index + 1 < tiles.count ? tiles[index + 1] : columns)
            defer { release(head, columns: columns) }
            for start in stride(from: rows.lowerBound, to: rows.upperBound, by: chunk) {
              let part = start..<min(start + chunk, rows.upperBound)
              compute(
                head, fixed, hidden, rows: part, columns: columns, biases: biases, into: tile,
                scratch: scratch[worker] + tileBytes)
              pick(targets, rows: part, columns: columns, branches: branches, tile, into: picked)
              guard normalised else { continue }
              for branch in 0..<branches {
                for row in part {
                  let place = run * flatRows + branch * rows.count + row - rows.lowerBound
                  kernels.log_sum_exp(
                    tile + (branch * part.count + row - part.lowerBound) * Self.tileWidth,
                    columns.count, maxima + place, sums + place)
                }
              }
            }
          }
        }
      }
      if isMeasuring { return }
      if let totals, normalised {
        for row in 0..<rows.count {
          totals[row] = Float(
            Self.logSumExp(maxima + row, sums + row, runs: runs, stride: flatRows))
        }
      }
      let width = values.count / branches
      for branch in 0..<branches {
        for (index, target) in targets.enumerated() {
          var value = Double(picked[branch * targets.count + index])
          if normalised {
            let row = branch * rows.count + target.row - rows.lowerBound
            value -= Self.logSumExp(maxima + row, sums + row, runs: runs, stride: flatRows)
          }
          values[branch * width + target.place] = value
        }
      }
    }
  }

  private func scratchBytes(
    _ head: Linear, _ job: inout zk_linear, _ hidden: Activation, rows: Range<Int>
  ) -> Int {
    let branches = linearBranches(
      head, hidden, rows: rows, y: hidden.base, yStride: Self.tileWidth)
    return branches.withUnsafeBufferPointer { branches in
      job.branches = branches.baseAddress
      job.branch_count = branches.count
      defer { (job.branches, job.branch_count) = (nil, 0) }
      return kernels.linear_scratch(&job)
    }
  }

  /// Logits of some rows and columns: [branches, rows, tileWidth].
  private func compute(
    _ head: Linear, _ job: zk_linear, _ hidden: Activation, rows: Range<Int>, columns: Range<Int>,
    biases: BranchVectors?, into tile: UnsafeMutablePointer<Float>, scratch: UnsafeMutableRawPointer
  ) {
    var job = job
    // The kernel counts columns from the start of the vocabulary, the tile from its own.
    let origin = tile - columns.lowerBound
    linearBranches(
      head, hidden, rows: rows, y: origin, yStride: Self.tileWidth, biases: biases
    )
    .withUnsafeBufferPointer { branches in
      job.branches = branches.baseAddress
      job.branch_count = branches.count
      kernels.linear(&job, columns.lowerBound, columns.upperBound, scratch)
    }
  }

  /// Copies the wanted logits of a tile: [branches, targets].
  private func pick(
    _ targets: [VocabularyTarget], rows: Range<Int>, columns: Range<Int>, branches: Int,
    _ tile: UnsafeMutablePointer<Float>, into picked: UnsafeMutablePointer<Float>
  ) {
    var index = Self.firstIndex(in: targets, atLeast: columns.lowerBound)
    while index < targets.count, targets[index].token < columns.upperBound {
      let target = targets[index]
      if rows.contains(target.row) {
        for branch in 0..<branches {
          let row = branch * rows.count + target.row - rows.lowerBound
          picked[branch * targets.count + index] =
            tile[row * Self.tileWidth + target.token - columns.lowerBound]
        }
      }
      index += 1
    }
  }

  static func firstIndex(in targets: [VocabularyTarget], atLeast token: Int) -> Int {
    var (low, high) = (0, targets.count)
    while low < high {
      let middle = (low + high) / 2
      if targets[middle].token < token { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func allTiles(_ vocabulary: Int) -> [Range<Int>] {
    stride(from: 0, to: vocabulary, by: tileWidth).map { $0..<min($0 + tileWidth, vocabulary) }
  }

  /// The groups of 32 columns that hold targets, neighbours joined up to one tile.
  private static func tiles(
    around targets: [VocabularyTarget], of vocabulary: Int
  ) -> [Range<Int>] {
    var tiles: [Range<Int>] = []
    for target in targets {
      let start = target.token / 32 * 32
      let end = min(start + 32, vocabulary)
      if let last = tiles.last {
        if start < last.upperBound { continue }
        if start == last.upperBound, end - last.lowerBound <= tileWidth {
          tiles[tiles.count - 1] = last.lowerBound..<end
          continue
        }
      }
      tiles.append(start..<end)
    }
    return tiles
  }

  /// log Σ exp over the runs' partial (maximum, sum) pairs, in binary64.
  private static func logSumExp(
    _ maxima: UnsafePointer<Float>, _ sums: UnsafePointer<Float>, runs: Int, stride: Int
  ) -> Double {
    var maximum = -Double.infinity
    for run in 0..<runs { maximum = max(maximum, Double(maxima[run * stride])) }
    var sum = 0.0
    for run in 0..<runs {
      sum += Double(sums[run * stride]) * exp(Double(maxima[run * stride]) - maximum)
    }
    return maximum + log(sum)
  }
}
