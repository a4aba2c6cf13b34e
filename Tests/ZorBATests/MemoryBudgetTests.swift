import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAModels
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A memory budget decides where weights are, never what they are.
@Suite struct MemoryBudgetTests {
  /// Runs with the weights in a file and so many bytes of them resident.
  private func streamed(
    _ run: TinyRun, capacity: Int, resume: Bool = false, stop: Int? = nil, out: String,
    threads: Int = 2
  ) throws -> RunResult {
    var configuration = run.configuration
    configuration.out = out
    configuration.memory.budgetMiB = MemoryConfiguration.largestBudgetMiB
    var options = Simulation.Options()
    let rounds = Counter()
    if let stop { options.isInterrupted = { rounds.next() >= stop } }
    let prepared = try PreparedRun(
      configuration, context: ComputeContext(threads: threads)
    ) { _ in }
    let residency = try #require(prepared.loaded.residency)
    residency.capacity = capacity
    let folder = RunFolder(path: out)
    let record = try RunRecord.open(folder, run: prepared, resume: resume)
    let session = try prepared.session(lastCommitted: record.lastRound, warn: record.warn)
    session.recall(record.history)
    return try SimulationLoop(
      run: prepared, record: record, session: session, options: options, folder: folder
    ).finish()
  }

  /// Four blocks of at least a page group each.
  private static let capacities = 0...6 * WorkingCopy.groupAlignment

  @Test(arguments: ResumeTests.variants)
  func theBitsAreThoseOfARunInMemory(_ variant: ResumeTests.Variant) throws {
    for (index, family) in TinyCheckpoint.Family.allCases.enumerated() {
      var checkpoint = TinyCheckpoint(family: family, tiedHead: index == 0)
      checkpoint.dtype = variant.dtype
      let run = try TinyRun(checkpoint, change: variant.change)
      let whole = try RunTrace(run.run(), out: run.configuration.out)
      var random = SeededGenerator(seed: UInt64(index))
      for attempt in 0..<4 {
        let capacity = Int.random(in: Self.capacities, using: &random)
        let out = run.folder.path("streamed-\(attempt)")
        let result = try streamed(run, capacity: capacity, out: out)
        #expect(try RunTrace(result, out: out) == whole, "\(family), capacity \(capacity)")
      }
    }
  }

  @Test func aRunMayBeResumedUnderAnyBudget() throws {
    let run = try TinyRun {
      $0.method.localSteps = 2
      $0.method.directions = 2
      $0.blocks.plan = .random
      $0.blocks.outer = true
    }
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    let capacity = WorkingCopy.groupAlignment * 3 / 2
    for round in 0..<run.configuration.rounds {
      let first = run.folder.path("with-\(round)")
      #expect(try streamed(run, capacity: capacity, stop: round, out: first).isIncomplete)
      #expect(try RunTrace(run.run(resume: true, out: first), out: first) == whole)
      let second = run.folder.path("without-\(round)")
      #expect(try run.run(stop: round, out: second).isIncomplete)
      let result = try streamed(run, capacity: capacity, resume: true, out: second)
      #expect(try RunTrace(result, out: second) == whole)
    }
  }

  @Test func aRunThatFitsItsBudgetIsTheSame() throws {
    var run = try TinyRun()
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    run.configuration.memory.budgetMiB = MemoryConfiguration.largestBudgetMiB
    let out = run.folder.path("budget")
    #expect(try RunTrace(run.run(out: out), out: out) == whole)
    // Its files say so, and nothing is left of the weights.
    #expect(try String(decoding: contents(of: out + "/run.yaml"), as: UTF8.self).contains("budget"))
    #expect(try names(in: out).allSatisfy { !$0.contains("weights") })
  }

  @Test func sitesThatTrainAloneShareTheBudget() throws {
    var run = try TinyRun()
    var options = Simulation.Options()
    options.threads = 1
    options.comparesWithTrainingAlone = true
    let whole = try Simulation(run.configuration, options: options).run()
    run.configuration.out = run.folder.path("budget")
    run.configuration.memory.budgetMiB = MemoryConfiguration.largestBudgetMiB
    let result = try Simulation(run.configuration, options: options).run()
    #expect(result.alone.map(\.client) == whole.alone.map(\.client))
    #expect(result.alone.map(\.evaluation) == whole.alone.map(\.evaluation))
  }

  @Test(arguments: ExportTests.layouts)
  func aTunedModelIsUsedAndExportedTheSame(_ layout: ExportTests.Layout) throws {
    let run = try TinyRun(layout.checkpoint) { $0.blocks.outer = true }
    let journal = try run.run().journalPath
    let path = run.configuration.model
    let plain = try FineTunedModel(path: path, journal: journal, threads: 2)
    let budget = try FineTunedModel(
      path: path, journal: journal, threads: 2,
      memoryBudget: MemoryConfiguration.largestBudgetMiB)
    let residency = try #require(budget.loaded.residency)
    #expect(residency.policy.resident.isEmpty)
    #expect(budget.stateDigest() == plain.stateDigest())
    #expect(
      try budget.logProbabilities(of: [65, 66, 67]) == plain.logProbabilities(of: [65, 66, 67]))
    try budget.export(to: run.folder.path("a"), dtype: .float32)
    try plain.export(to: run.folder.path("b"), dtype: .float32)
    let files = try names(in: run.folder.path("a"))
    #expect(try files == names(in: run.folder.path("b")))
    for file in files {
      #expect(
        try contents(of: run.folder.path("a/\(file)")) == contents(of: run.folder.path("b/\(file)"))
      )
    }
    for capacity in [0, WorkingCopy.groupAlignment * 5 / 2] {
      residency.capacity = capacity
      let logits = try (budget.loaded.model.logits([65, 66]), plain.loaded.model.logits([65, 66]))
      withExtendedLifetime(logits) {
        #expect(logits.0.rawBytes.elementsEqual(logits.1.rawBytes))
      }
      #expect(budget.stateDigest() == plain.stateDigest())
    }
    #expect(try budget.generate("abc").tokens == plain.generate("abc").tokens)
    var task = TaskConfiguration()
    task.template = "{text}={label}"
    #expect(
      try budget.evaluate(file: run.configuration.data.train[0], task: task)
        == plain.evaluate(file: run.configuration.data.train[0], task: task))
  }

  @Test func tooSmallABudgetSaysWhatWouldDo() throws {
    let run = try TinyRun { $0.memory.budgetMiB = 1 }
    let error = #expect(throws: ZorBAError.self) { try run.run() }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.location.field == "memory.budget_mib")
    // Nothing of the run was begun.
    #expect(!FileManager.default.fileExists(atPath: run.configuration.out))
    for mebibytes in [-1, 0, MemoryConfiguration.largestBudgetMiB + 1, Int.max] {
      let error = #expect(throws: ZorBAError.self) {
        try FineTunedModel(path: run.configuration.model, memoryBudget: mebibytes)
      }
      #expect(error?.code == .invalidConfiguration)
    }
  }

  /// The advice is true: the budget it names is accepted, whatever the needs.
  @Test func theLeastBudgetWorks() throws {
    let prepared = try TinyRun { $0.memory.budgetMiB = MemoryConfiguration.largestBudgetMiB }
      .prepared()
    let residency = try #require(prepared.loaded.residency)
    var random = SeededGenerator(seed: 8)
    for _ in 0..<200 {
      let besides = Int.random(in: 1...1 << 34, using: &random)
      let small = MemoryBudget(
        byteCount: Int.random(in: 0...besides, using: &random), folder: "/", field: "f")
      let error = #expect(throws: ZorBAError.self) { try small.allot(residency, besides: besides) }
      let words = (error?.advice ?? "").split(separator: " ")
      let least = try #require(words.compactMap { Int($0) }.first)
      let enough = MemoryBudget(byteCount: least << 20, folder: "/", field: "f")
      try enough.allot(residency, besides: besides)
      #expect(residency.capacity >= residency.leastCapacity)
      #expect(residency.policy.peakByteCount + besides <= enough.byteCount)
      let share = enough.byteCount - besides - residency.leastCapacity
      #expect(share <= 3 << 20, "the advice is not the least")
    }
  }

  /// Asked of the system itself: after a round the file's pages are those the policy keeps.
  #if os(Linux)
    @Test(arguments: [0, 3, 5]) func streamedWeightsAreGone(groups: Int) throws {
      var checkpoint = TinyCheckpoint(family: .llama)
      checkpoint.layers = 6
      let run = try TinyRun(checkpoint) {
        $0.memory.budgetMiB = MemoryConfiguration.largestBudgetMiB
        $0.blocks.outer = true
        $0.method.localSteps = 2
      }
      let prepared = try run.prepared(threads: 2)
      let residency = try #require(prepared.loaded.residency)
      residency.capacity = groups * WorkingCopy.groupAlignment
      let session = try prepared.session(lastCommitted: 0) { _ in }
      _ = try session.advance { _, _ in }
      _ = StateDigest(of: prepared.loaded.model.parameters, context: prepared.context)
      let kept = residency.policy.resident.reduce(0) { $0 + residency.demands[$1].whole }
      #expect(kept == max(0, groups - 1) * WorkingCopy.groupAlignment)
      #expect(try residentBytes(under: run.folder.path) <= kept)
      if groups > 1 { #expect(try residentBytes(under: run.folder.path) > 0) }
    }

    /// Resident bytes of nameless files in a folder.
    private func residentBytes(under folder: String) throws -> Int {
      let file = try #require(fopen("/proc/self/smaps", "r"))
      defer { fclose(file) }
      var bytes: [UInt8] = []
      // The file gives one page at a time and no length, so it is read until it ends.
      var page = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = fread(&page, 1, page.count, file), count > 0 {
        bytes += page[..<count]
      }
      let text = String(decoding: bytes, as: UTF8.self)
      var isInside = false
      var kilobytes = 0
      for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.first?.contains("-") == true, words.first?.hasSuffix(":") == false {
          isInside = line.contains("\(folder)/.zorba-weights")
        } else if isInside, words.first == "Rss:", words.count > 1 {
          kilobytes += Int(words[1]) ?? 0
        }
      }
      return kilobytes << 10
    }
  #endif
}
