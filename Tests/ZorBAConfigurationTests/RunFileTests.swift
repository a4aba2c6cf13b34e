import Testing
import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@Suite struct RunFileTests {
  static let small = """
    model: m
    data: {train: t.jsonl}
    """

  static let rich = """
    model: /models/opt
    data: {train: train.jsonl, validation: v.csv, test: test.jsonl}
    task: {kind: classification, template: "{text} It was {label}.", labels: {positive: great, negative: terrible}}
    federation: {clients: 8, partition: {kind: dirichlet, alpha: 0.25}, participation: 0.5, weights: uniform}
    method: {name: zorba, directions: 4, mu: 1e-2, learning_rate: 2e-5, schedule: cosine, warmup_rounds: 3, perturbation: popcount, seeding: perClient, local_steps: 2}
    batch: {size: 8, max_tokens: 64}
    rounds: 50
    blocks: {plan: random, active: [0.25, 1], min_clients: 2, rotate_every: 10, outer: true}
    evaluate: {every: 10, split: test, limit: 100}
    precision: {weights: bfloat16, compute: float32}
    guard: {action: skip, factor: 20}
    memory: {budget_mib: 512}
    seed: 99
    out: runs/x
    """

  static let planned = """
    model: m
    data: {train: t.jsonl}
    blocks:
      plan: lexicographic
      budgets_mib: [100, 200.5]
      epsilon: [0.1, 0]
      stages: [time, convergence, memory]
      cycle: 8
      rotate_every: 50
      minimum_share: 0.5
      deadline_seconds: 3.5
      sensitivity: probe
      probe_directions: 9
      smoothness: 40
      calibration: c.json
      required: {client-1: [1, 2], "ward: b": 3}
      forbidden: [client-1:4, "x:y:5", client-1:6]
      together: [[1, 2], [7, 8, 9]]
      replan_every: 20
    """

  static let networked = """
    model: m
    task: {labels: {good: y, bad: n}}
    federation:
      sites: [north, east.2, south-3]
      participation: 0.5
      quorum: 0.75
      attempts: 5
      deadline_seconds: 1.5
      over_selection: 0.25
      start_with: 2
      digest_every: 4
      absence_seconds: 60
    """

  @Test func sitesArrive() throws {
    let run = try RunFile.parse(Self.networked, file: "r.yaml")
    #expect(run.data == DataFiles(train: []))
    var expected = FederationConfiguration(sites: ["north", "east.2", "south-3"])
    expected.participation = 0.5
    expected.quorum = 0.75
    expected.attempts = 5
    expected.deadlineSeconds = 1.5
    expected.overSelection = 0.25
    expected.startWith = 2
    expected.digestEvery = 4
    expected.absenceSeconds = 60
    #expect(run.federation == expected && run.federation.clients == 3)
    #expect(run.federation.partition == .files)
    let simulated = try RunFile.parse(
      Self.networked, file: "r.yaml", overrides: ["data.train=[a, b, c]"], base: "x/")
    #expect(simulated.data.train == ["x/a", "x/b", "x/c"])
  }

  @Test func theSmallestFileGetsEveryDefault() throws {
    let run = try RunFile.parse(Self.small, file: "r.yaml", base: "dir/")
    #expect(run == RunConfiguration(model: "dir/m", data: DataFiles(train: ["dir/t.jsonl"])))
  }

  @Test func everyKeyArrives() throws {
    let run = try RunFile.parse(Self.rich, file: "r.yaml", base: "dir/")
    #expect(run.model == "/models/opt")
    #expect(run.data.validation == "dir/v.csv")
    #expect(run.task.labels.map(\.word) == ["great", "terrible"])
    #expect(run.federation.partition == .dirichlet(alpha: 0.25))
    #expect(run.method.seeding == .perClient)
    #expect(run.method.learningRate == 2e-5)
    #expect(run.blocks.plan == .random)
    #expect(run.blocks.active == [0.25, 1])
    #expect(run.precision == .bfloat16)
    #expect(run.compute == .float32)
    #expect(run.guardrail.action == .skip)
    #expect(run.memory.budgetMiB == 512)
    #expect(run.out == "runs/x")
  }

  @Test func everyKeyOfThePlannerArrives() throws {
    let blocks = try RunFile.parse(Self.planned, file: "r.yaml", base: "dir/").blocks
    var expected = BlockConfiguration()
    expected.plan = .lexicographic
    expected.budgetsMiB = [100, 200.5]
    expected.epsilon = [0.1, 0]
    expected.stages = [.time, .convergence, .memory]
    expected.cycle = 8
    expected.rotateEvery = 50
    expected.minimumShare = 0.5
    expected.deadlineSeconds = 3.5
    expected.sensitivity = .probe
    expected.probeDirections = 9
    expected.smoothness = 40
    expected.calibration = "dir/c.json"
    expected.required = ["client-1": [1, 2], "ward: b": [3]]
    expected.forbidden = ["client-1": [4, 6], "x:y": [5]]
    expected.together = [[1, 2], [7, 8, 9]]
    expected.replanEvery = 20
    #expect(blocks == expected)
  }

  @Test(arguments: ["full", "random", "round_robin", "contiguous", "dominant", "lexicographic"])
  func plansAreNamed(_ name: String) throws {
    let run = try RunFile.parse(
      Self.small, file: "r.yaml", overrides: ["blocks.plan=\(name)"], base: "dir/")
    #expect(run.blocks.plan.name == name)
    let file = try RunFile.parse(
      Self.small, file: "r.yaml", overrides: ["blocks.plan=./\(name)"], base: "dir/")
    #expect(file.blocks.plan == .file("dir/./\(name)"))
  }

  @Test(arguments: [small, rich, planned])
  func writtenFilesReadBackEqual(_ text: String) throws {
    let run = try RunFile.parse(text, file: "r.yaml")
    #expect(try RunFile.parse(run.yamlText, file: "again.yaml") == run)
  }

  @Test func awkwardTextsSurviveWriting() throws {
    var run = try RunFile.parse(Self.rich, file: "r.yaml")
    run.task.template = "\"{text}\"\n\t— was: {label} # \\ \u{1}\u{85}\u{2028} 'x' 日本 {}"
    run.task.labels = [("yes", "no"), ("1", "2"), ("null", "~"), ("a: b", "- c")]
    #expect(try RunFile.parse(run.yamlText, file: "again.yaml") == run)
  }

  @Test(arguments: ["", "null", "~"]) func overridesFillAnEmptySection(_ nothing: String) throws {
    let text = Self.small + "\nmethod: \(nothing)\n"
    let run = try RunFile.parse(text, file: "r.yaml", overrides: ["method.mu=0.25"])
    #expect(run.method.mu == 0.25)
  }

  @Test func overridesReplaceAndAdd() throws {
    let run = try RunFile.parse(
      Self.small, file: "r.yaml",
      overrides: ["rounds=7", "method.mu=0.5", "blocks.active=[0.5, 1]", "task.template={text}"])
    #expect(run.rounds == 7)
    #expect(run.method.mu == 0.5)
    #expect(run.blocks.active == [0.5, 1])
  }

  @Test(arguments: [
    ("model: m", "data.train", nil),
    ("data: {train: t}", "model", nil),
    ("model: m\ndata: {train: t}\nruonds: 3", "ruonds", "rounds"),
    (
      "model: m\ndata: {train: t}\nmethod:\n  lerning_rate: 3", "method.lerning_rate",
      "learning_rate"
    ),
    ("model: m\ndata: {train: t}\nrounds: many", "rounds", "whole number"),
    ("model: m\ndata: {train: t}\nrounds: 0", "rounds", "1 to"),
    ("model: m\ndata: {train: t}\nmethod: {mu: nan}", "method.mu", "above 0"),
    ("model: m\ndata: {train: t}\nmethod: {seeding: none}", "method.seeding", "perClient"),
    (
      "model: m\ndata: {train: t}\nfederation: {partition: {kind: zipf}}", "partition.kind",
      "dirichlet"
    ),
    ("model: m\ndata: {train: t}\nmemory: {budget_mib: -1}", "memory.budget_mib", "0 to"),
    ("model: m\ndata: {train: t}\nmemory: {budget: 1}", "memory.budget", "budget_mib"),
    ("model: m\ndata: {train: [a, b]}", "data", "files"),
    ("\(small)\nfederation: {quorum: 0.5}", "federation.quorum", "sites"),
    ("\(small)\nfederation: {sites: [a, A]}", "federation.sites", "letter"),
    ("\(small)\nfederation: {sites: [a, a]}", "federation.sites", "once"),
    ("\(small)\nfederation: {sites: [a, b], clients: 3}", "federation.clients", "2"),
    (
      "\(small)\nfederation: {sites: [a, b], partition: {kind: uniform}}", "federation.partition",
      "files"
    ),
    ("\(small)\nfederation: {sites: [a, b]}", "task", "labels"),
    ("\(networked)\ndata: {train: [a, b]}", "data", "one file a site"),
    ("\(networked)\nfederaton: {}", "federaton", "federation"),
    ("model: m\nfederation: {sites: []}", "data", "missing"),
    (
      "model: m\ntask: {kind: completion}\nfederation: {sites: [a], quorum: 2}",
      "federation.quorum", "share"
    ),
    (
      "model: m\ntask: {kind: completion}\nfederation: {sites: [a], attempts: 0}",
      "federation.attempts", "1 to"
    ),
    ("\(small)\nblocks: {active: 0.5, budgets_mib: 9}", "blocks.budgets_mib", "not both"),
    ("\(small)\nblocks: {epsilon: 0.5}", "blocks.epsilon", "2 numbers"),
    ("\(small)\nblocks: {stages: [speed]}", "blocks.stages", "convergence"),
    ("\(small)\nblocks: {budgets_mib: []}\nrounds: x", "rounds", nil),
    ("\(small)\nblocks: {required: {a: [1]}}", "blocks.required", "lexicographic"),
    ("\(small)\nblocks: {plan: lexicographic, required: [a]}", "blocks.required", "client:block"),
    ("\(small)\nblocks: {plan: lexicographic, together: 3}", "blocks.together", "lists"),
    ("\(small)\nblocks: {plan: lexicographic, forbidden: {a: b}}", "blocks.forbidden", "number"),
    ("\(small)\nblocks: {smoothness: -1}", "blocks.smoothness", "above 0"),
    ("\(small)\nblocks: {replan_evry: 1}", "blocks.replan_evry", "replan_every"),
    ("model: m\ndata: t", "data", "section"),
    ("model: m\nmodel: n\ndata: {train: t}", "model", "twice"),
    ("model: [", "r.yaml", "YAML"),
    ("", "r.yaml", "empty"),
    ("- a\n- b", "r.yaml", "section"),
  ])
  func mistakesAreNamed(_ text: String, _ place: String, _ words: String?) throws {
    let error = #expect(throws: ZorBAError.self) { try RunFile.parse(text, file: "r.yaml") }
    let message = error?.description ?? ""
    #expect(error?.code == .invalidConfiguration)
    #expect(message.contains(place) && message.contains("r.yaml"), "\(message)")
    if let words { #expect(message.contains(words), "\(message)") }
  }

  @Test func mistakesNameTheirLine() {
    let text = "model: m\ndata: {train: t}\nmethod:\n  mu: 1e-3\n  directions: -1\n"
    let error = #expect(throws: ZorBAError.self) { try RunFile.parse(text, file: "r.yaml") }
    #expect(error?.location.line == 5)
  }

  @Test func damagedFilesGiveErrorsOnly() {
    var mutator = Mutator(seed: 4)
    var refused = 0
    for _ in 0..<4000 {
      let bytes = mutator.mutate(
        Array([Self.rich, Self.planned, Self.networked][refused % 3].utf8))
      let text = String(decoding: bytes, as: UTF8.self)
      do {
        _ = try RunFile.parse(text, file: "r.yaml")
      } catch let error as ZorBAError {
        #expect(error.code == .invalidConfiguration)
        refused += 1
      } catch {
        Issue.record("\(error)")
      }
    }
    #expect(refused > 1000)
  }

  @Test func aliasBombsAreRefused() {
    var text = "model: m\ndata: {train: t}\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...8 {
      let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(items)]\n"
    }
    #expect(throws: ZorBAError.self) { try RunFile.parse(text, file: "r.yaml") }
  }
}
