import ZorBABenchmarks
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAReport

/// Runs a suite in front of a person or a script: progress, tables, report, exit code.
struct BenchmarkPresentation {
  enum Act { case run, list, report }

  let common: CommonOptions
  let suite: BenchmarkSuite
  let cells: [BenchmarkCell]
  let options: BenchmarkOptions

  /// - Throws: `ZorBAError`: with code `interrupted` when it was stopped, otherwise when a cell
  ///   failed.
  func present(_ act: Act) throws {
    if act == .list { return try showCells() }
    let lock = try FolderLock(suite.out)
    defer { withExtendedLifetime(lock) {} }
    Interruption.listen()
    let watcher = BenchmarkWatcher(isQuiet: common.quiet)
    var options = options
    options.observer = watcher.observe
    let run = BenchmarkRun(
      suite, cells: cells, launcher: SimulationLauncher(), options: options)
    guard act == .run else { return try finish(run.collected()) }
    let outcomes: [CellOutcome]
    do {
      defer { watcher.finish() }
      outcomes = try run.run()
    } catch let error as ZorBAError where error.code == .interrupted {
      // What is there can be looked at before the rest is.
      try BenchmarkFiles(folder: suite.out).write(summary(of: run.collected()))
      throw error
    }
    try finish(outcomes)
  }

  private func summary(of outcomes: [CellOutcome]) -> BenchmarkSummary {
    BenchmarkSummary(suite, outcomes: outcomes, planned: cells)
  }

  private func finish(_ outcomes: [CellOutcome]) throws {
    let summary = summary(of: outcomes)
    let files = BenchmarkFiles(folder: suite.out)
    try files.write(summary)
    if common.json {
      Console.output(summary.json.serialized + "\n")
    } else {
      Console.output(BenchmarkReport(summary).terminalText())
      common.say("Report: \(files.report)")
    }
    guard summary.failures.isEmpty else {
      throw ZorBAError(
        .inputOutput, "\(summary.failures.count) of \(cells.count) cells failed",
        at: .init(file: suite.out),
        advice: "Their messages are in results.md; run the same command again to try them again.")
    }
  }

  private func showCells() throws {
    let run = BenchmarkRun(
      suite, cells: cells, launcher: SimulationLauncher(), options: options)
    let known = Dictionary(
      run.collected().map { ($0.cell.id, $0.failure == nil ? "finished" : "failed") },
      uniquingKeysWith: { first, _ in first })
    if common.json {
      let list = BenchmarkCellList(cells.map { ($0.id, known[$0.id] ?? "waiting") })
      Console.output(list.json.serialized + "\n")
    } else {
      let table = TextTable(
        header: ["cell", "state"], rows: cells.map { [$0.id, known[$0.id] ?? "waiting"] })
      Console.output(table.rendered())
    }
  }
}

/// Shows a benchmark while it goes.
final class BenchmarkWatcher {
  private let isQuiet: Bool
  private var progress: ProgressLine
  private var done = 0

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    progress = ProgressLine(label: "cell", total: 0, isQuiet: isQuiet)
  }

  func observe(_ event: BenchmarkEvent) {
    switch event {
    case .planned(let cells, let finished):
      progress.total = cells
      done = finished
      if finished > 0 { say("\(finished) of \(cells) cells are finished already.") }
      progress.update(done: finished, detail: "")
    case .started: break
    case .running(let done, let cells):
      // A plain log needs no line for every glance at the clock.
      if Console.isInteractive { progress.update(done: done, detail: Self.names(cells)) }
    case .ended(let outcome):
      done += 1
      if let failure = outcome.failure {
        say("\(outcome.cell.id): failed: \(failure)")
      } else if let measurement = outcome.measurement {
        say(
          "\(outcome.cell.id): accuracy \(NumberFormat.percent(measurement.accuracy)), "
            + "\(ProgressLine.duration(measurement.usage.wallSeconds)), "
            + "\(NumberFormat.bytes(measurement.usage.peakBytes))")
      }
      progress.update(done: done, detail: "")
    }
  }

  func finish() { progress.finish() }

  private static func names(_ cells: [String]) -> String {
    var seen: Set<String> = []
    return cells.filter { seen.insert($0).inserted }.joined(separator: " ")
  }

  private func say(_ text: String) {
    guard !isQuiet else { return }
    progress.clear()
    Console.error(text + "\n")
  }
}
