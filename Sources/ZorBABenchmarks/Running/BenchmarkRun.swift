import ZorBA
import ZorBADiagnostics

/// Runs the cells of a suite that have not run yet, and collects how all of them ended.
package struct BenchmarkRun<Launcher: RunLauncher> {
  private let suite: BenchmarkSuite
  private let cells: [BenchmarkCell]
  private let launcher: Launcher
  private let options: BenchmarkOptions

  /// - Parameter cells: Those of the suite, or some of them.
  package init(
    _ suite: BenchmarkSuite, cells: [BenchmarkCell], launcher: Launcher, options: BenchmarkOptions
  ) {
    self.suite = suite
    self.cells = cells
    self.launcher = launcher
    self.options = options
  }

  private func folder(_ cell: BenchmarkCell) -> CellFolder {
    CellFolder(suite: suite.out, id: cell.id)
  }

  /// What is known without running anything, one for each cell; nil for those that have to run.
  ///
  /// Failed cells run again: whatever was wrong may have been put right.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when a finished cell ran something else
  ///   than the suite now says.
  package func known() throws -> [CellOutcome?] {
    try cells.map { cell in
      guard !options.again, let (outcome, isSame) = folder(cell).earlier(cell),
        outcome.measurement != nil
      else { return nil }
      guard isSame else {
        throw ZorBAError(
          .invalidConfiguration, "the cell was run with another configuration",
          at: .init(file: folder(cell).path),
          advice: "Run everything anew with --again, or let 'out' name another folder.")
      }
      return outcome
    }
  }

  /// How cells ended that have run as the suite now says, failed ones as well.
  package func collected() -> [CellOutcome] {
    cells.compactMap { cell in
      folder(cell).earlier(cell).flatMap { $0.isSame ? $0.outcome : nil }
    }
  }

  /// Runs what has to run.
  ///
  /// - Returns: How every cell ended, in order.
  /// - Throws: `ZorBAError` with code `interrupted` when it was asked to stop; whatever `known` throws.
  package func run() throws -> [CellOutcome] {
    var outcomes = try known()
    let pending = cells.indices.filter { outcomes[$0] == nil }
    options.observer(.planned(cells: cells.count, finished: cells.count - pending.count))
    var queue = PartQueue(
      pending.flatMap { cell in
        cells[cell].parts.indices.map {
          .init(cell: cell, part: $0, bytes: options.expectedBytes(cells[cell]))
        }
      }, jobs: options.jobs, availableBytes: options.availableBytes)
    var running: [Started] = []
    var measured: [Int: [Int: PartMeasurement]] = [:]
    while !queue.isDone {
      if options.isInterrupted() {
        for one in running { one.process.end() }
        throw ZorBAError(
          .interrupted,
          "stopped with \(outcomes.count { $0 != nil }) of \(cells.count) cells finished",
          advice: "Run the same command again to go on; finished cells are kept.")
      }
      while let entry = queue.start() {
        let cell = cells[entry.cell]
        options.observer(.started(cell, part: cell.parts[entry.part].name))
        do {
          running.append(try start(entry))
        } catch let error as ZorBAError {
          queue.end(entry)
          try fail(entry.cell, "\(error)", &outcomes, &queue)
        }
      }
      for index in running.indices.reversed() {
        running[index].meter?.update()
        guard let (ending, usage) = running[index].process.poll() else { continue }
        // The last reading comes after the end, so that nothing is missing.
        running[index].meter?.update()
        let ended = running.remove(at: index)
        queue.end(ended.entry)
        guard outcomes[ended.entry.cell] == nil else { continue }
        var used = usage
        used.joules = ended.meter?.joules
        try finish(ended.entry, ending, used, &measured, &outcomes, &queue)
      }
      options.observer(
        .running(
          done: outcomes.count { $0 != nil },
          running.map { cells[$0.entry.cell].id }))
      if !running.isEmpty { options.pause() }
    }
    return outcomes.compactMap { $0 }
  }
}

/// How a suite is run.
package struct BenchmarkOptions {
  /// Runs at once, where memory allows.
  package var jobs = 1
  /// Threads of each run; nil leaves that to the run.
  package var threads: Int?
  /// Whether finished cells run anew.
  package var again = false
  /// Memory that runs may take together.
  package var availableBytes = Int.max
  /// What one run of a cell is expected to take of memory.
  package var expectedBytes: (BenchmarkCell) -> Int = { _ in 0 }
  /// Makes the meter of a run that has the machine to itself; nil measures nothing.
  package var meter: () -> EnergyMeter? = { nil }
  /// Asked again and again; true ends everything.
  package var isInterrupted: () -> Bool = { false }
  /// Waits a little for running processes.
  package var pause: () -> Void = {}
  /// Told what happens.
  package var observer: (BenchmarkEvent) -> Void = { _ in }

  package init() {}
}

/// What happens while a suite runs.
package enum BenchmarkEvent {
  case planned(cells: Int, finished: Int)
  case started(BenchmarkCell, part: String)
  /// Time passes.
  case running(done: Int, [String])
  case ended(CellOutcome)
}

extension BenchmarkRun {
  private struct Started {
    var entry: PartQueue.Entry
    var process: Launcher.Running
    var meter: EnergyMeter?
  }

  private func start(_ entry: PartQueue.Entry) throws -> Started {
    let cell = cells[entry.cell]
    let part = cell.parts[entry.part]
    let folder = folder(cell)
    try folder.prepare(part)
    // Energy of a processor that several runs share cannot be told apart.
    let meter = options.jobs == 1 ? options.meter() : nil
    let process = try launcher.launch(
      RunOrder(
        runFile: folder.runFile(part.name), out: folder.run(part.name).path,
        log: folder.log(part.name), threads: options.threads))
    return Started(entry: entry, process: process, meter: meter)
  }

  private func finish(
    _ entry: PartQueue.Entry, _ ending: RunEnding, _ usage: ProcessUsage,
    _ measured: inout [Int: [Int: PartMeasurement]], _ outcomes: inout [CellOutcome?],
    _ queue: inout PartQueue
  ) throws {
    let cell = cells[entry.cell]
    let part = cell.parts[entry.part]
    guard ending == .exited(0) else {
      // A run that was told to end because everything ends has not failed.
      if options.isInterrupted() { return }
      let prefix = part.site == nil ? "" : "\(part.name): "
      return try fail(
        entry.cell, prefix + folder(cell).complaint(part.name, ending: ending), &outcomes, &queue)
    }
    do {
      measured[entry.cell, default: [:]][entry.part] =
        try folder(cell).measurement(part, usage: usage)
    } catch let error as ZorBAError {
      return try fail(entry.cell, "\(error)", &outcomes, &queue)
    }
    let parts = cell.parts.indices.compactMap { measured[entry.cell]?[$0] }
    guard parts.count == cell.parts.count else { return }
    measured[entry.cell] = nil
    let published = suite.methods.first { $0.name == cell.method }?.preset.published
    try settle(
      CellOutcome(
        cell: cell,
        ending: .measured(
          CellMeasurement(
            parts, regime: cell.regime, published: published, jobs: options.jobs))),
      at: entry.cell, &outcomes)
    if !suite.keepsJournals { folder(cell).removeJournals(cell) }
  }

  private func fail(
    _ cell: Int, _ message: String, _ outcomes: inout [CellOutcome?], _ queue: inout PartQueue
  ) throws {
    guard outcomes[cell] == nil else { return }
    queue.drop(cell: cell)
    try settle(CellOutcome(cell: cells[cell], ending: .failed(message)), at: cell, &outcomes)
  }

  private func settle(
    _ outcome: CellOutcome, at place: Int, _ outcomes: inout [CellOutcome?]
  ) throws {
    try folder(outcome.cell).write(outcome)
    outcomes[place] = outcome
    options.observer(.ended(outcome))
  }
}
