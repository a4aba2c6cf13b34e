/// Which run is next: in order, as many at once as jobs and memory allow.
package struct PartQueue: Sendable {
  /// A run by its cell's place and its own.
  package struct Entry: Sendable, Equatable {
    package var cell: Int
    package var part: Int
    /// What it is expected to take of memory.
    package var bytes: Int
  }

  private var waiting: [Entry]
  private var running: [Entry] = []
  private let jobs: Int
  private let availableBytes: Int

  package init(_ entries: [Entry], jobs: Int, availableBytes: Int) {
    waiting = entries.reversed()
    self.jobs = max(1, jobs)
    self.availableBytes = availableBytes
  }

  /// Whether nothing waits and nothing runs.
  package var isDone: Bool { waiting.isEmpty && running.isEmpty }

  /// Takes the next run, if there is room: one always runs, however much it takes.
  ///
  /// The order is kept: a small run does not overtake a large one that waits for memory, which would
  /// otherwise wait for ever.
  package mutating func start() -> Entry? {
    guard let next = waiting.last else { return nil }
    if !running.isEmpty {
      let taken = running.reduce(0) { $0.addingClamped($1.bytes) }
      guard running.count < jobs, taken.addingClamped(next.bytes) <= availableBytes else {
        return nil
      }
    }
    waiting.removeLast()
    running.append(next)
    return next
  }

  /// A run has ended.
  package mutating func end(_ entry: Entry) { running.removeAll { $0 == entry } }

  /// What waits of a cell is not needed any more.
  package mutating func drop(cell: Int) { waiting.removeAll { $0.cell == cell } }
}

extension Int {
  /// The sum, or the largest number where that is more.
  fileprivate func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
