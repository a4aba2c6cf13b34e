import Foundation
import Testing
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBA
@testable import ZorBABenchmarks

@Suite struct RunTests {
  private func suite(_ folder: TemporaryFolder) throws -> BenchmarkSuite {
    var suite = try SampleSuite.parse()
    suite.out = folder.path("out")
    suite.tasks = [suite.tasks[0]]
    suite.seeds = [1]
    suite.alphas = []
    return suite
  }

  private func run(
    _ suite: BenchmarkSuite, _ launcher: SampleLauncher,
    _ change: (inout BenchmarkOptions) -> Void = { _ in }
  ) throws -> [CellOutcome] {
    var options = BenchmarkOptions()
    change(&options)
    return try BenchmarkRun(
      suite, cells: SampleSuite.cells(suite), launcher: launcher, options: options
    ).run()
  }

  @Test func finishedCellsAreNotRunAgain() throws {
    let folder = try TemporaryFolder()
    var suite = try suite(folder)
    let launcher = SampleLauncher(SampleLauncher.writeSample)
    let first = try run(suite, launcher)
    // zorba: 3 sites, 1, 1; mezo: 3 sites, 1; wide: 1.
    #expect(first.count == 6 && launcher.orders.count == 10)
    #expect(first.allSatisfy { $0.measurement != nil })
    let second = try run(suite, launcher)
    #expect(second == first && launcher.orders.count == 10)
    _ = try run(suite, launcher) { $0.again = true }
    #expect(launcher.orders.count == 20)
    // Another configuration is not taken for the one that ran.
    suite.tasks[0].run = suite.tasks[0].run.setting(["rounds"], to: 11)
    let error = #expect(throws: ZorBAError.self) { try run(suite, launcher) }
    #expect(error?.code == .invalidConfiguration && error?.advice?.contains("--again") == true)
  }

  @Test func aFailureStopsNobodyElse() throws {
    let folder = try TemporaryFolder()
    let suite = try suite(folder)
    var isBroken = true
    let launcher = SampleLauncher { order in
      guard isBroken, order.out.contains("mood.isolated.zorba"), order.out.hasSuffix("site-2")
      else {
        return try SampleLauncher.writeSample(order)
      }
      try RunFolder.write("round 1\nzorba: model: is missing\n  Give one.\n", to: order.log)
      return .exited(3)
    }
    let outcomes = try run(suite, launcher)
    let failed = outcomes.filter { $0.failure != nil }
    #expect(failed.map(\.cell.id) == ["mood.isolated.zorba.s1"])
    #expect(failed.first?.failure == "site-2: model: is missing\n  Give one.")
    // Site 3 of a cell that failed is spared.
    #expect(launcher.orders.count == 9)
    let summary = BenchmarkSummary(
      suite, outcomes: outcomes, planned: try SampleSuite.cells(suite))
    #expect(summary.failures.count == 1 && summary.missing == 0)
    isBroken = false
    #expect(try run(suite, launcher).allSatisfy { $0.measurement != nil })
    #expect(launcher.orders.count == 12)
  }

  @Test func aRunThatDiesSaysHow() throws {
    let folder = try TemporaryFolder()
    let suite = try suite(folder)
    let outcomes = try run(suite, SampleLauncher { _ in .killed(signal: 9) })
    #expect(outcomes.allSatisfy { $0.failure?.contains("memory") == true })
    let silent = try run(suite, SampleLauncher { _ in .exited(0) })
    #expect(silent.allSatisfy { $0.failure?.contains("left no result") == true })
  }

  @Test func anInterruptionKeepsWhatIsFinished() throws {
    let folder = try TemporaryFolder()
    let suite = try suite(folder)
    let launcher = SampleLauncher(SampleLauncher.writeSample)
    var ended = 0
    let error = #expect(throws: ZorBAError.self) {
      try run(suite, launcher) { options in
        options.observer = { if case .ended = $0 { ended += 1 } }
        options.isInterrupted = { ended >= 2 }
      }
    }
    #expect(error?.code == .interrupted)
    let before = launcher.orders.count
    #expect(try run(suite, launcher).count == 6)
    #expect(before + launcher.orders.count - before == 10)
  }

  @Test func outcomesReadBack() throws {
    let folder = try TemporaryFolder()
    let cells = try SampleSuite.cells(suite(folder))
    let cell = try #require(cells.first)
    for ending in [
      CellOutcome.Ending.failed("x\ny"), .measured(SampleRun.measurement(accuracy: 0.625)),
    ] {
      let outcome = CellOutcome(cell: cell, ending: ending)
      let text = outcome.json.serializedForReading
      let read = CellOutcome.read(try JSONParser.parse(Data(text.utf8), file: "r"), of: cell)
      #expect(read?.outcome == outcome && read?.isSame == true)
    }
  }

  /// Damage gives no outcome, or one that can be reported; never a crash.
  @Test func damagedOutcomesAreHarmless() throws {
    let folder = try TemporaryFolder()
    let suite = try suite(folder)
    let cells = try SampleSuite.cells(suite)
    let cell = try #require(cells.first)
    let text = CellOutcome(cell: cell, ending: .measured(SampleRun.measurement())).json.serialized
    var mutator = Mutator(seed: 21)
    for _ in 0..<3000 {
      let bytes = Data(mutator.mutate(Array(text.utf8)))
      guard let json = try? JSONParser.parse(bytes, file: "r"),
        let read = CellOutcome.read(json, of: cell)
      else { continue }
      let summary = BenchmarkSummary(suite, outcomes: [read.outcome], planned: cells)
      #expect(!summary.json.serialized.isEmpty)
    }
  }

  @Test func aFolderHasOneBenchmark() throws {
    let folder = try TemporaryFolder()
    let lock = try FolderLock(folder.path("out"))
    let error = #expect(throws: ZorBAError.self) { _ = try FolderLock(folder.path("out")) }
    #expect(error?.code == .refused)
    withExtendedLifetime(lock) {}
  }

  @Test func rowsOfFilesAreJoined() throws {
    let folder = try TemporaryFolder()
    try RunFolder.write("{\"a\": 1}", to: folder.path("a.jsonl"))
    try RunFolder.write("{\"b\": 2}\n", to: folder.path("b.jsonl"))
    let joined = folder.path("deep/all.jsonl")
    try PooledData.join([folder.path("a.jsonl"), folder.path("b.jsonl")], to: joined)
    #expect(try String(contentsOfFile: joined, encoding: .utf8) == "{\"a\": 1}\n{\"b\": 2}\n")
    #expect(throws: ZorBAError.self) {
      try PooledData.join([folder.path("none.jsonl")], to: joined)
    }
    for file in ["x.csv", "x.txt"] {
      #expect(throws: ZorBAError.self) { try PooledData.join([file], to: joined) }
    }
  }

  /// Two cells of the suite that ships, computed for real in this process; nobody else can read what
  /// they leave, the pooled rows least of all.
  @Test func theQuickSuiteRuns() throws {
    let before = umask(0)
    defer { umask(before) }
    let folder = try TemporaryFolder()
    var suite = try BenchmarkSuite.read(
      path: "\(SampleRun.resources)/benchmarks/quick.yaml",
      overrides: [
        "methods=[mezo]", "seeds=[1]", "tasks.desk.rounds=2", "tasks.desk.evaluate.limit=12",
        "tasks.desk.evaluate.every=1",
      ], bundle: SampleRun.resources)
    suite.out = folder.path("out")
    let launcher = SampleLauncher { order in
      var run = try RunFile.read(path: order.runFile)
      run.out = order.out
      var options = Simulation.Options()
      options.threads = 1
      _ = try Simulation(run, options: options).run()
      return .exited(0)
    }
    let cells = try suite.cells { task in
      try PooledData.join(task.trainingFiles ?? [], to: PooledData.path(task, in: suite.out))
      return PooledData.reference(task)
    }
    let outcomes = try BenchmarkRun(
      suite, cells: cells, launcher: launcher, options: BenchmarkOptions()
    ).run()
    #expect(outcomes.map(\.failure) == [nil, nil])
    let isolated = try #require(outcomes[0].measurement)
    #expect(isolated.sites.map(\.name) == ["bank", "clinic", "shop", "energy"])
    #expect(isolated.curve.map(\.round) == [0, 1, 2])
    #expect(isolated.forwardPasses == 4 * 2 * 2 && isolated.traffic == nil)
    let central = try #require(outcomes[1].measurement)
    #expect(central.forwardPasses == 2 * 2 && central.trainedParameters > 0)
    let files = BenchmarkFiles(folder: suite.out)
    try files.write(BenchmarkSummary(suite, outcomes: outcomes, planned: cells))
    #expect(try String(contentsOfFile: files.markdown, encoding: .utf8).contains("MeZO"))
    #expect(
      !FileManager.default.fileExists(
        atPath: CellFolder(suite: suite.out, id: cells[1].id).run("run").journal))
    _ = try FolderLock(suite.out)
    let names = try FileManager.default.subpathsOfDirectory(atPath: suite.out)
    #expect(names.contains("data/desk.jsonl") && names.contains("lock"), "\(names)")
    for name in names {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(suite.out)/\(name)")
      let mode = try #require(attributes[.posixPermissions] as? NSNumber).intValue
      #expect(mode & 0o077 == 0, "\(name) is \(String(mode, radix: 8))")
    }
  }
}
