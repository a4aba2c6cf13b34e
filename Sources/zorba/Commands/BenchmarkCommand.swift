import ArgumentParser
import Foundation
import ZorBABenchmarks
import ZorBAConsole
import ZorBADiagnostics
import ZorBAReport

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Compare methods on tasks: trained alone, on pooled data, and federated.",
    discussion: """
      SUITE is a YAML file, or one that ships: \(BundledSuite.names.joined(separator: ", ")). Every cell (task, regime, \
      method, skew, seed) runs in a process of its own; finished cells are kept, so that the same \
      command goes on where it was stopped. Results: results.json, results.md and report.html in \
      the suite's folder.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: ArgumentHelp("The suite's YAML file, or its name.", valueName: "suite"))
  var suite: String

  @Option(help: "Override a key of the suite: key.path=value. May be repeated.")
  var set: [String] = []

  @Option(help: "The folder of cells and results; the suite's own by default.")
  var out: String?

  @Option(help: "Runs at once, where memory allows. Seconds are only fair with 1.")
  var jobs = 1

  @Flag(help: "Run finished cells anew.")
  var again = false

  @Flag(help: "List the cells and whether they are finished; run nothing.")
  var list = false

  @Flag(help: "Write results of what is finished; run nothing.")
  var report = false

  func validate() throws {
    guard (1...1024).contains(jobs) else { throw ValidationError("--jobs \(jobs): use 1 to 1024.") }
    guard !list || !report else { throw ValidationError("Give either --list or --report.") }
  }

  func run() throws {
    var suite = try BenchmarkSuite.read(
      path: BundledSuite.path(of: suite), overrides: set, bundle: BundledSuite.resources)
    if let out { suite.out = out }
    if !suite.out.hasPrefix("/") {
      suite.out = "\(FileManager.default.currentDirectoryPath)/\(suite.out)"
    }
    let cells = try suite.cells { task in
      if !list {
        try PooledData.join(
          task.trainingFiles ?? [], to: PooledData.path(task, in: suite.out))
      }
      return PooledData.reference(task)
    }
    try BenchmarkPresentation(
      common: common, suite: suite, cells: cells, options: options(suite)
    ).present(list ? .list : report ? .report : .run)
  }

  private func options(_ suite: BenchmarkSuite) -> BenchmarkOptions {
    var options = BenchmarkOptions()
    options.jobs = jobs
    options.again = again
    options.availableBytes = MemoryExpectation.available()
    options.expectedBytes = { MemoryExpectation.bytes(of: $0, suite: suite) }
    options.threads =
      common.threads
      ?? (jobs > 1 ? max(1, ProcessInfo.processInfo.activeProcessorCount / jobs) : nil)
    options.meter = EnergyMeter.system
    options.isInterrupted = { Interruption.isRequested }
    options.pause = { usleep(50_000) }
    return options
  }
}
