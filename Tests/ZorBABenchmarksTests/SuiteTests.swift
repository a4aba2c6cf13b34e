import Foundation
import Testing
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBA
@testable import ZorBABenchmarks

@Suite struct SuiteTests {
  @Test func aSuiteSaysWhatItSays() throws {
    let suite = try SampleSuite.parse()
    #expect(suite.name == "sample" && suite.out == "benchmarks/sample")
    #expect(suite.methods.map(\.name) == ["zorba", "mezo", "wide"])
    #expect(suite.methods.map(\.title) == ["ZorBA", "MeZO", "Wide"])
    #expect(suite.tasks.map(\.name) == ["mood", "desk"])
    #expect(suite.tasks[0].run["model"]?.string == "/base/base/checkpoint")
    #expect(suite.tasks[0].run["data", "train"]?.string == "/data/train.jsonl")
    // A label that looks like a number is a text all the same.
    #expect(suite.tasks[0].run["task", "labels"]?.object?.members.first?.key == "1.50")
    #expect(suite.alphas == [0.1, 10] && suite.seeds == [1, 2])
  }

  @Test(
    arguments: [
      ("method: x", "unknown key", "methods"), ("regimes: [federatd]", "federatd", "federated"),
      ("methods: [zorb]", "zorb", "zorba"), ("methods: [mezo, mezo]", "twice", "once"),
      ("seeds: [1, 1]", "twice", "once"), ("seeds: [0.5]", "0.5", "whole"),
      ("alphas: 0", "cannot be used", "above 0"), ("confidence: 1", "cannot be used", "0.9999"),
      ("energy: {grams_per_kwh: 100}", "no source", "source"),
      ("energy: {watts: 3}", "unknown key", "watts_per_core"),
      ("tasks: {t: {model: m}}", "is missing", "model and data"),
      ("tasks: {t: {model: m, data: {}, round: 3}}", "unknown key", "rounds"),
      ("tasks: {t: {model: m, data: {}, methods: {fedit: {}}}}", "not a method", "zorba"),
      ("tasks: {T: {model: m, data: {}}}", "cannot be a name", "a-z"),
      ("tasks: {t: {model: '${nobody}', data: {}}}", "no variable", "bundle"),
      ("tasks: {t: {model: '${model', data: {}}}", "does not close", "${name}"),
    ])
  func whatCannotBeUsedIsRefused(line: String, message: String, advice: String) throws {
    // The line takes the place of the key it is about, or is added.
    let key = line.split(separator: ":")[0]
    var kept: [Substring] = []
    var isInside = false
    for part in SampleSuite.text.split(separator: "\n") {
      if !part.hasPrefix(" ") { isInside = part.hasPrefix("\(key):") }
      if !isInside { kept.append(part) }
    }
    // Without the methods that the other tasks change.
    let text = (kept + [Substring(line)]).joined(separator: "\n")
      .replacing("    methods: {mezo: {rounds: 20}}", with: "")
    let error = #expect(throws: ZorBAError.self) {
      try SampleSuite.parse(text)
    }
    #expect(error?.code == .invalidConfiguration)
    let said = "\(error.map { "\($0)" } ?? "")"
    #expect(said.contains(message) && said.contains(advice), "\(said)")
    #expect(error?.location.line != nil)
  }

  @Test func aVariableWithoutValueIsAskedFor() throws {
    let error = #expect(throws: ZorBAError.self) { try SampleSuite.parse(SampleSuite.text, []) }
    #expect(error?.message.contains("'data'") == true)
    #expect(error?.advice?.contains("--set variables.data=") == true)
  }

  /// Ids are for ever, cells are distinct, and centralised ones do not depend on the skew.
  @Test func suitesBecomeCells() throws {
    let cells = try SampleSuite.cells(SampleSuite.parse())
    #expect(Set(cells.map(\.id)).count == cells.count)
    // mood: zorba 2 skews x 2 regimes + 1, mezo 2 + 1, wide 2; desk: 3 + 2 + 1; two seeds.
    #expect(cells.count == 2 * ((5 + 3 + 2) + (3 + 2 + 1)))
    #expect(cells.first?.id == "mood.isolated.zorba.a0.1.s1")
    #expect(cells.contains { $0.id == "mood.centralised.mezo.s2" })
    #expect(cells.contains { $0.id == "desk.federated.wide.s1" })
    let half = cells.count / 2
    #expect(
      cells[..<half].allSatisfy { $0.seed == 1 } && cells[half...].allSatisfy { $0.seed == 2 })
  }

  @Test func cellsSayWhatTheyRun() throws {
    let cells = try SampleSuite.cells(SampleSuite.parse())
    func cell(_ id: String) throws -> BenchmarkCell {
      try #require(cells.first { $0.id == id })
    }
    let isolated = try cell("mood.isolated.zorba.a10.0.s1")
    #expect(isolated.parts.map(\.name) == ["site-1", "site-2", "site-3"])
    #expect(isolated.parts[1].run["federation", "only"]?.string == "2")
    // Nobody is there to share blocks with, so nothing is probed to divide them.
    #expect(isolated.parts[1].run["blocks", "plan"]?.string == "round_robin")
    #expect(isolated.parts[1].run["federation", "partition", "alpha"]?.double == 10)
    let central = try cell("mood.centralised.mezo.s1").parts[0].run
    #expect(central["federation", "clients"]?.integer == 1)
    #expect(central["federation", "partition", "kind"]?.string == "uniform")
    // As many rows a step as three sites have together, and the change of this task.
    #expect(central["batch", "size"]?.integer == 12 && central["rounds"]?.integer == 20)
    #expect(central["method", "learning_rate"]?.double == 1e-4)
    let pooled = try cell("desk.centralised.zorba.s1").parts[0].run
    #expect(pooled["data", "train"]?.string == "/pooled/desk.jsonl")
    let wide = try cell("desk.federated.wide.s2").parts[0].run
    #expect(wide["method", "directions"]?.integer == 4 && wide["seed"]?.integer == 2)
    #expect(
      wide["data", "train"]?.array?.compactMap(\.string) == ["/base/a.jsonl", "/base/b.jsonl"])
  }

  /// What the engine knows of methods reads back as a run.
  @Test func cellsAreRuns() throws {
    for cell in try SampleSuite.cells(SampleSuite.parse()) {
      for part in cell.parts {
        let run = try RunFile.parse(YAMLText.document(part.run.value), file: cell.id)
        #expect(run.seed == cell.seed)
        #expect(run.federation.only == part.site.map { "\($0)" })
      }
    }
  }

  @Test func everyPresetSetsSomething() throws {
    #expect(Set(MethodPreset.known.map(\.name)).count == MethodPreset.known.count)
    for preset in MethodPreset.known {
      #expect(preset.run["method", "name"]?.string != nil, "\(preset.name)")
      #expect(!preset.regimes.isEmpty && !preset.title.isEmpty && !preset.summary.isEmpty)
    }
    let dense = MethodPreset.PublishedTraffic.dense
    #expect(dense.bytesPerClientRound(parameters: 1000, clients: 4) == 8000)
    let share = MethodPreset.PublishedTraffic.denseShare
    #expect(share.bytesPerClientRound(parameters: 1000, clients: 4) == 5000)
  }

  @Test func fragmentsJoinKeyByKey() throws {
    func fragment(_ text: String) throws -> RunFragment {
      RunFragment(try ConfigurationNode(parsing: text, file: "f"))
    }
    let base = try fragment(
      "{method: {mu: 1e-3, directions: 2}, federation: {clients: 4, partition: {kind: dirichlet, alpha: 1}}}"
    )
    let other = try fragment(
      "{method: {directions: 3, mu: null}, federation: {partition: {kind: uniform}}, rounds: 5}")
    #expect(
      base.merging(other).value.serialized
        == #"{"method": {"directions": 3}, "federation": {"clients": 4, "partition": {"kind": "uniform"}}, "rounds": 5}"#
    )
    #expect(base.merging(RunFragment()) == base)
  }

  @Test func damagedSuitesGiveErrors() throws {
    var mutator = Mutator(seed: 5)
    let bytes = Array(SampleSuite.text.utf8)
    var refused = 0
    for _ in 0..<1500 {
      guard let text = String(validating: mutator.mutate(bytes), as: UTF8.self) else { continue }
      do {
        let suite = try SampleSuite.parse(text)
        _ = try SampleSuite.cells(suite)
      } catch is ZorBAError {
        refused += 1
      }
    }
    #expect(refused > 250)
  }

  /// The suites that ship, with every variable given.
  @Test(arguments: ["quick", "zorba", "cross-domain", "encoders", "memory"])
  func shippedSuitesCanBeRead(name: String) throws {
    let resources = SampleRun.resources
    let suite = try BenchmarkSuite.read(
      path: "\(resources)/benchmarks/\(name).yaml",
      overrides: name == "quick" ? [] : ["variables.model=/model", "variables.data=/data"],
      bundle: resources)
    #expect(suite.name == name && !suite.summary.isEmpty)
    for cell in try SampleSuite.cells(suite) {
      for part in cell.parts {
        let isKnown =
          part.run["adapter"] == nil && part.run["method", "name"]?.string == "zorba"
        guard isKnown else { continue }
        let run = try RunFile.parse(YAMLText.document(part.run.value), file: cell.id)
        try run.validate()
      }
    }
  }
}
