/// The rows of a batch whose predictions are of use, and the stretches of attention they need.
struct WantedRows {
  /// Consecutive queries of one sequence.
  struct Run {
    let sequence: PackedBatch.Sequence
    /// First row among the wanted rows.
    let start: Int
    let count: Int
    /// Keys that the last query sees, those in a cache included.
    let end: Int
  }

  /// Ascending rows of the batch; nil for all.
  let rows: [Int]?
  /// Position of each wanted row inside its sequence.
  let positions: [Int32]
  let runs: [Run]

  init(all batch: PackedBatch) {
    rows = nil
    positions = batch.positions
    runs = batch.sequences.map {
      Run(sequence: $0, start: $0.start, count: $0.count, end: $0.past + $0.count)
    }
  }

  init(_ rows: [Int], of batch: PackedBatch) {
    var runs: [Run] = []
    var place = 0
    for sequence in batch.sequences {
      let end = sequence.start + sequence.count
      while place < rows.count, rows[place] < end {
        let start = place
        repeat {
          place += 1
        } while place < rows.count && rows[place] < end
          && rows[place] == rows[place - 1] + 1
        runs.append(
          Run(
            sequence: sequence, start: start, count: place - start,
            end: sequence.past + rows[place - 1] + 1 - sequence.start))
      }
    }
    self.rows = rows
    self.positions = rows.map { batch.positions[$0] }
    self.runs = runs
  }
}
