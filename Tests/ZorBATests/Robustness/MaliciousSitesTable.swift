import Testing
import ZorBAOptimization
import ZorBATensor

@testable import ZorBA

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The table of docs/robustness.md: the bundled demonstration's data and model, eight sites, one or two of
/// them lying. It takes minutes, so it runs only where `ZORBA_ROBUSTNESS_TABLE` is set, to `all` or to the
/// beginning of a rule's name, and prints.
@Suite struct MaliciousSitesTable {
  static let wanted = ProcessInfo.processInfo.environment["ZORBA_ROBUSTNESS_TABLE"]

  static let rules: [(name: String, change: @Sendable (inout RunConfiguration) -> Void)] = [
    ("mean", { _ in }),
    ("median", { $0.aggregation.rule = .median }),
    (
      "trimmed mean, 0.25",
      {
        $0.aggregation.rule = .trimmedMean
        $0.aggregation.trim = 0.25
      }
    ),
    ("norm-clipped mean, auto", { $0.aggregation.rule = .normClipped }),
    (
      "mean, guard 100 (skip)",
      {
        $0.guardrail.action = .skip
        $0.guardrail.factor = 100
      }
    ),
  ]

  @Test(
    .enabled(
      if: wanted != nil,
      "prints the table of docs/robustness.md for minutes; set ZORBA_ROBUSTNESS_TABLE"))
  func print() throws {
    let folder = try TemporaryFolder()
    Swift.print("| rule | false answers | sites | accuracy | loss | alarms: liars, honest |")
    Swift.print("| --- | --- | --- | --- | --- | --- |")
    for (name, change) in Self.rules
    where Self.wanted == "all" || name.hasPrefix(Self.wanted ?? "") {
      for answers in FalseAnswers.allCases {
        for liars in answers == .none ? [0] : [1, 2] {
          if name.contains("guard"), answers == .flipped { continue }
          let cells = try row(folder, answers, liars: liars, change: change)
          Swift.print("| \(name) | \(answers.rawValue) | \(liars) | \(cells) |")
        }
      }
    }
  }

  private func row(
    _ folder: TemporaryFolder, _ answers: FalseAnswers, liars: Int,
    change: (inout RunConfiguration) -> Void
  ) throws -> String {
    var run = try DemoFederation(folder).configuration
    change(&run)
    // Both of one kind of message, or one of each: the sites lie side by side in the list.
    let lying = Set([7, 4].prefix(liars))
    let names = lying.map { DemoFederation.names[$0] }
    var options = Simulation.Options()
    options.threads = 1
    options.tampers = answers.tampering(liars: lying)
    let result: RunResult
    do {
      result = try Simulation(run, options: options).run()
    } catch {
      return "the run ends: \(error)"
    }
    let figures = result.after?.overall
    func first(_ isLiar: Bool) -> String {
      let rounds = result.contributionAlarms.filter { names.contains($0.client) == isLiar }
        .map { "\($0.client) \($0.kind.rawValue) \($0.round)" }
      return rounds.isEmpty ? "none" : rounds.prefix(3).joined(separator: ", ")
    }
    let accuracy = ((figures?.accuracy ?? 0) * 1000).rounded() / 10
    let loss = ((figures?.loss ?? 0) * 1000).rounded() / 1000
    return "\(accuracy) % | \(loss) | \(first(true)); \(first(false))"
  }
}

/// The demonstration's four data files in halves: eight sites, two of each kind of business.
struct DemoFederation {
  let configuration: RunConfiguration

  static let names = ["bank", "clinic", "shop", "energy"].flatMap { ["\($0)-1", "\($0)-2"] }

  init(_ folder: TemporaryFolder) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let resources = root.appending(path: "Sources/zorba/Resources").path
    var files: [String] = []
    for name in ["bank", "clinic", "shop", "energy"] {
      let lines = String(
        decoding: try contents(of: "\(resources)/demo/\(name).jsonl"), as: UTF8.self
      ).split(separator: "\n")
      for half in 0..<2 {
        let rows = lines.enumerated().filter { $0.offset % 2 == half }.map { $0.element + "\n" }
        files.append(try folder.write(rows.joined(), to: "\(name)-\(half + 1).jsonl"))
      }
    }
    var run = RunConfiguration(
      model: "\(resources)/model",
      data: DataFiles(train: files, test: "\(resources)/demo/test.jsonl"),
      out: folder.path("run-\(UInt32.random(in: 0...UInt32.max))"))
    run.task.template = "{text} Topic: {label}"
    run.federation.clients = 8
    run.federation.partition = .files
    run.federation.weights = .uniform
    run.method.directions = 3
    run.method.learningRate = 1.2e-3
    run.method.schedule = .linear
    run.method.perturbation = .popcount
    run.batch.size = 8
    run.batch.maxTokens = 64
    run.rounds = 120
    run.evaluate.every = 0
    run.precision = .float32
    // Out of the way, so that the rules show what they do by themselves.
    run.guardrail.factor = 1e30
    configuration = run
  }
}
