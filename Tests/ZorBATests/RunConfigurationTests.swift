import Testing
import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// Whatever a run is, its file says it.
@Suite struct RunConfigurationTests {
  @Test func everyConfigurationSurvivesItsFile() throws {
    var random = RandomConfiguration(seed: 11)
    for trial in 0..<600 {
      let run = random.next()
      let text = run.yamlText
      let read = try RunFile.parse(text, file: "run.yaml")
      #expect(read == run, "trial \(trial):\n\(text)")
      #expect(read.yamlText == text)
    }
  }

  /// A run file is read from its run's folder, wherever its paths were taken from.
  @Test func pathsHoldFromAnyFolder() throws {
    var random = RandomConfiguration(seed: 13)
    for _ in 0..<600 {
      let run = random.next()
      let settled = run.withPaths(from: "/home")
      #expect(try RunFile.parse(settled.yamlText, file: "run.yaml", base: "/away/") == settled)
      #expect(settled.journaled.serialized == run.journaled.serialized)
      #expect(settled.out == run.out)
    }
  }

  /// Files and journals of runs that know nothing of planning keep their bytes.
  @Test func whatTheFirstRunsDidNotKnowIsLeftOut() {
    var run = RunConfiguration(model: "m", data: DataFiles(train: ["t"]))
    #expect(
      run.json["blocks"]?.serialized
        == #"{"plan": "full", "active": [0.5], "min_clients": 1, "rotate_every": 1, "outer": false}"#
    )
    run.blocks.plan = .file("random")
    run.blocks.active = [0.25, 1]
    #expect(
      run.json["blocks"]?.serialized
        == #"{"plan": "./random", "active": [0.25, 1.0], "min_clients": 1, "rotate_every": 1, "outer": false}"#
    )
  }

  @Test func aLabelMayBeEmpty() throws {
    var run = RunConfiguration(model: "m", data: DataFiles(train: ["t"]))
    run.task.labels = [("", "none"), ("x", "some")]
    #expect(try RunFile.parse(run.yamlText, file: "run.yaml") == run)
  }

  /// A site rebuilds the run from a journal's header, with files of its own.
  @Test func headersTellTheRun() throws {
    var random = RandomConfiguration(seed: 14)
    for trial in 0..<600 {
      let run = random.next()
      let header = JournalHeader(
        schedule: DirectionSchedule(
          runKey: RunKey(seed: run.seed), seeding: run.method.seeding,
          distribution: run.method.perturbation),
        base: StateDigest(blocks: []), model: ModelFingerprint(family: "opt", blocks: []),
        configuration: run.journaled)
      let read = try JournalHeader(encoded: header.encoded)
      let data = DataFiles(train: ["own.jsonl"], test: "test.jsonl")
      let rebuilt = try RunFile.parse(header: read, model: "/own/model", data: data)
      #expect(rebuilt.model == "/own/model" && rebuilt.data == data, "trial \(trial)")
      // Nothing else is the site's, and nothing that the journal keeps is lost.
      var same = rebuilt
      same.model = run.model
      same.data = run.data
      #expect(same.journaled.serialized == run.journaled.serialized)
      same.blocks = run.blocks
      same.out = run.out
      var expected = run
      let standard = FederationConfiguration()
      expected.memory = MemoryConfiguration()
      expected.federation.quorum = standard.quorum
      expected.federation.attempts = standard.attempts
      expected.federation.deadlineSeconds = standard.deadlineSeconds
      expected.federation.overSelection = standard.overSelection
      expected.federation.startWith = standard.startWith
      expected.federation.digestEvery = standard.digestEvery
      expected.federation.absenceSeconds = standard.absenceSeconds
      #expect(same == expected)
    }
  }

  @Test func damagedHeadersGiveErrors() throws {
    var random = RandomConfiguration(seed: 15)
    var mutator = Mutator(seed: 16)
    var refused = 0
    for _ in 0..<3000 {
      let text = mutator.mutate(Array(random.next().journaled.serialized.utf8))
      do {
        let json = try JSONParser.parse(text)
        _ = try RunFile.parse(journaled: json, model: "m", data: DataFiles(train: []))
      } catch is ZorBAError {
        refused += 1
      }
    }
    #expect(refused > 1500)
  }

  /// How rounds are run decides no bits; who may take part does.
  @Test func journalsKeepTheSitesAlone() {
    var run = RunConfiguration(model: "m", data: DataFiles(train: ["a", "b"]))
    run.federation = FederationConfiguration(sites: ["x", "y"])
    let text = run.journaled.serialized
    #expect(!text.contains("\"data\"") && text.contains(#""sites": ["x", "y"]"#))
    run.data = DataFiles(train: [])
    run.federation.quorum = 0.9
    run.federation.attempts = 7
    run.federation.deadlineSeconds = 5
    run.federation.overSelection = 0.1
    run.federation.startWith = 1
    run.federation.digestEvery = 3
    run.federation.absenceSeconds = 9
    #expect(run.journaled.serialized == text)
    run.federation.sites = ["x", "z"]
    #expect(run.journaled.serialized != text)
  }

  /// The journal of a run without sites keeps its bytes.
  @Test func withoutSitesNothingIsAdded() {
    let run = RunConfiguration(model: "m", data: DataFiles(train: ["t"]))
    #expect(
      run.journaled["federation"]?.serialized
        == #"{"clients": 4, "partition": {"kind": "dirichlet", "alpha": 0.5}, "participation": 1.0, "weights": "examples"}"#
    )
    #expect(run.journaled["data"]?.serialized == #"{"train": ["t"]}"#)
  }

  static let faults: [(key: String, change: @Sendable (inout RunConfiguration) -> Void)] = [
    ("rounds", { $0.rounds = 1_000_000_001 }),
    ("batch.size", { $0.batch.size = 65_537 }),
    ("batch.max_tokens", { $0.batch.maxTokens = 1 }),
    ("federation.clients", { $0.federation.clients = 100_001 }),
    ("data.train", { $0.data.train = ["a", "b"] }),
    ("federation.sites", { $0.federation.attempts = 2 }),
    ("federation.sites", { $0.federation = .init(sites: ["a", "B"]) }),
    ("federation.sites", { $0.federation = .init(sites: ["a", "a"]) }),
    ("federation.sites", { $0.federation = .init(sites: ["a", ""]) }),
    ("federation.sites", { $0.federation = .init(sites: [String(repeating: "a", count: 64)]) }),
    (
      "federation.clients",
      {
        $0.federation = .init(sites: ["a", "b"])
        $0.federation.clients = 3
      }
    ),
    (
      "federation.partition.kind",
      {
        $0.federation = .init(sites: ["a", "b"])
        $0.federation.partition = .uniform
      }
    ),
    ("task.labels", { $0.federation = .init(sites: ["a", "b"]) }),
    (
      "data.train",
      {
        $0.federation = .init(sites: ["a", "b"])
        $0.data.train = ["1", "2", "3"]
      }
    ),
    (
      "federation.quorum",
      {
        $0.federation = .init(sites: ["a", "b"])
        $0.federation.quorum = 0
      }
    ),
    (
      "federation.over_selection",
      {
        $0.federation = .init(sites: ["a", "b"])
        $0.federation.overSelection = .nan
      }
    ),
    (
      "federation.start_with",
      {
        $0.federation = .init(sites: ["a", "b"])
        $0.federation.startWith = 3
      }
    ),
    (
      "federation.absence_seconds",
      {
        $0.federation = .init(sites: ["a", "b"])
        $0.federation.absenceSeconds = 0
      }
    ),
    ("blocks.active", { $0.blocks.active = [0.5, 0] }),
    ("blocks.budgets_mib", { $0.blocks.budgetsMiB = [-1] }),
    (
      "blocks.budgets_mib",
      {
        $0.blocks.budgetsMiB = [100]
        $0.blocks.active = [0.25]
      }
    ),
    ("blocks.cycle", { $0.blocks.cycle = 0 }),
    ("blocks.stages", { $0.blocks.stages = [.memory, .memory] }),
    ("blocks.stages", { $0.blocks.stages = [] }),
    ("blocks.epsilon", { $0.blocks.epsilon = [0.1] }),
    ("blocks.epsilon", { $0.blocks.epsilon = [0.1, .nan] }),
    ("blocks.minimum_share", { $0.blocks.minimumShare = 1.5 }),
    ("blocks.deadline_seconds", { $0.blocks.deadlineSeconds = 0 }),
    ("blocks.smoothness", { $0.blocks.smoothness = .infinity }),
    ("blocks.required", { $0.blocks.required = ["a": [1]] }),
    (
      "blocks.required",
      {
        $0.blocks.plan = .lexicographic
        $0.blocks.required = ["a": [0]]
      }
    ),
    (
      "blocks.forbidden",
      {
        $0.blocks.plan = .lexicographic
        $0.blocks.required = ["a": [1, 2]]
        $0.blocks.forbidden = ["a": [2]]
      }
    ),
    (
      "blocks.together",
      {
        $0.blocks.plan = .lexicographic
        $0.blocks.together = [[1, 2], [2, 3]]
      }
    ),
    ("blocks.replan_every", { $0.blocks.replanEvery = -1 }),
    ("method.warmup_rounds", { $0.method.warmupRounds = -1 }),
    (
      "method.weight_decay",
      {
        $0.method.weightDecay = 0.1
        $0.method.localSteps = 2
      }
    ),
  ]

  /// A run made in code meets the rules that a run file meets.
  @Test(arguments: faults.indices) func faultsOfRunsMadeInCodeAreNamed(_ index: Int) throws {
    var run = RunConfiguration(model: "m", data: DataFiles(train: ["t"]))
    try run.validate()
    Self.faults[index].change(&run)
    let faulty = run
    let error = try #require(throws: ZorBAError.self) { try faulty.validate() }
    #expect(error.code == .invalidConfiguration)
    #expect(error.location.field == Self.faults[index].key)
  }

  /// The journal may leave the machine; where its files lay stays behind.
  @Test func theJournaledConfigurationNamesNoFolder() {
    var random = RandomConfiguration(seed: 12)
    for _ in 0..<600 {
      var run = random.next()
      if case .file = run.blocks.plan { run.blocks.plan = .file("/secret/place/plan.json") }
      if run.blocks.calibration != nil { run.blocks.calibration = "/secret/place/calibration.json" }
      if case .file = run.blocks.sensitivity {
        run.blocks.sensitivity = .file("/secret/place/g.json")
      }
      run.model = "/secret/place/model"
      run.data.train = run.data.train.indices.map { "/secret/place/train-\($0).jsonl" }
      run.data.validation = "/secret/place/validation.csv"
      run.data.test = run.data.test.map { _ in "/secret/place/test.tsv" }
      run.out = "/secret/place/out"
      let journaled = run.journaled.serialized
      #expect(!journaled.contains("secret") && !journaled.contains("place"))
      var moved = run
      moved.model = "elsewhere/model"
      moved.data.train = run.data.train.indices.map { "elsewhere/train-\($0).jsonl" }
      moved.data.validation = "validation.csv"
      moved.out = "/another/out"
      #expect(moved.journaled.serialized == journaled)
      moved.seed = moved.seed &+ 1
      #expect(moved.journaled.serialized != journaled)
    }
  }
}

/// Draws configurations that a run file may hold, with texts that YAML finds awkward.
struct RandomConfiguration {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func next() -> RunConfiguration {
    var data = DataFiles(train: [path()])
    if flip() { data.validation = path() }
    if flip() { data.test = path() }
    var run = RunConfiguration(model: path(), data: data, out: path())
    run.task = task()
    run.federation.clients = integer(1...500)
    run.federation.participation = share()
    run.federation.weights = choice(ClientWeighting.allCases, .examples)
    switch integer(0...4) {
    case 4: sites(&run)
    case 0: run.federation.partition = .dirichlet(alpha: positive())
    case 1: run.federation.partition = .uniform
    case 2: run.federation.partition = .column(text())
    default:
      run.federation.partition = .files
      run.data.train = (0..<integer(1...4)).map { _ in path() }
    }
    run.method = method()
    run.batch.size = integer(1...256)
    run.batch.maxTokens = integer(2...4096)
    run.rounds = integer(1...1_000_000_000)
    run.blocks = blocks()
    run.evaluate.every = integer(0...1000)
    run.evaluate.split = choice(EvaluationConfiguration.Split.allCases, .test)
    run.evaluate.limit = integer(0...1000)
    run.precision = choice(WeightPrecision.allCases, .float32)
    run.guardrail.action = choice(DivergenceGuard.Policy.allCases, .stop)
    run.guardrail.factor = 4 + positive()
    run.seed = random.next()
    return run
  }

  private mutating func sites(_ run: inout RunConfiguration) {
    let federation = run.federation
    run.federation = .init(sites: (0..<integer(1...6)).map { "\($0)-site_\(integer(0...9)).x" })
    run.federation.participation = federation.participation
    run.federation.weights = federation.weights
    if flip() { run.federation.quorum = share() }
    if flip() { run.federation.attempts = integer(1...1000) }
    if flip() { run.federation.deadlineSeconds = positive() }
    if flip() { run.federation.overSelection = share() }
    if flip() { run.federation.startWith = integer(0...run.federation.sites.count) }
    if flip() { run.federation.digestEvery = integer(0...99) }
    if flip() { run.federation.absenceSeconds = positive() }
    if run.task.kind == .classification, run.task.labels.isEmpty {
      run.task.labels = [("a", text()), ("b", text())]
    }
    switch integer(0...2) {
    case 0: run.data = DataFiles(train: [])
    case 1: run.data.train = run.federation.sites.map { _ in path() }
    default: break
    }
  }

  private mutating func task() -> TaskConfiguration {
    var task = TaskConfiguration()
    task.kind = choice(TaskConfiguration.Kind.allCases, .completion)
    if flip() { task.template = text() }
    if flip() {
      // A value stands once.
      task.labels = (0..<integer(1...5)).map { ("\(text())\($0)", text()) }
    }
    if flip() { task.promptColumn = text() }
    if flip() { task.completionColumn = text() }
    return task
  }

  private mutating func method() -> MethodConfiguration {
    var method = MethodConfiguration()
    method.directions = integer(1...4096)
    method.mu = share()
    method.learningRate = positive()
    method.schedule = choice(LearningRateSchedule.Shape.allCases, .linear)
    method.warmupRounds = integer(0...1000)
    method.perturbation = choice(PerturbationDistribution.allCases, .popcount)
    method.seeding = choice(SeedingMode.allCases, .shared)
    if flip() { method.localSteps = integer(1...1024) } else { method.weightDecay = share() / 2 }
    return method
  }

  private mutating func blocks() -> BlockConfiguration {
    var blocks = BlockConfiguration()
    let names = ["full", "random", "round_robin", "contiguous", "dominant", "lexicographic"]
    blocks.plan = .init(name: choice(names, "full")) ?? .full
    if flip() { blocks.plan = .file(path()) }
    if flip() {
      blocks.active = (0..<integer(1...4)).map { _ in share() }
    } else {
      blocks.budgetsMiB = (0..<integer(1...4)).map { _ in share() * 1e6 }
    }
    if flip() { planner(&blocks) }
    blocks.minClients = integer(1...100)
    blocks.rotateEvery = integer(0...1000)
    blocks.outer = flip()
    return blocks
  }

  private mutating func planner(_ blocks: inout BlockConfiguration) {
    var stages = BlockConfiguration.Stage.allCases
    stages.shuffle(using: &random)
    blocks.stages = Array(stages.prefix(integer(1...3)))
    blocks.epsilon = blocks.stages.dropFirst().map { _ in flip() ? 0 : positive() }
    blocks.cycle = integer(1...4096)
    blocks.minimumShare = share()
    if flip() { blocks.deadlineSeconds = positive() }
    if flip() { blocks.sensitivity = flip() ? .probe : .file(path()) }
    blocks.probeDirections = integer(1...1_000_000)
    if flip() { blocks.smoothness = positive() }
    if flip() { blocks.calibration = path() }
    blocks.replanEvery = integer(0...1000)
    guard blocks.plan == .lexicographic else { return }
    for index in 0..<integer(0...3) { blocks.required["\(index)\(text())"] = [integer(1...9), 10] }
    for index in 0..<integer(0...3) { blocks.forbidden["\(index)\(text())"] = [integer(11...20)] }
    if flip() { blocks.together = [[1, 2], [7, integer(8...65_535), 4]] }
  }

  private mutating func flip() -> Bool { Bool.random(using: &random) }

  private mutating func integer(_ range: ClosedRange<Int>) -> Int {
    Int.random(in: range, using: &random)
  }

  /// In (0, 1], over many magnitudes.
  private mutating func share() -> Double {
    let value = 1 - Double.random(in: 0..<1, using: &random)
    return value * [1, 1e-3, 1e-9, 1e-300][integer(0...3)]
  }

  /// In (0, 1e6], over many magnitudes.
  private mutating func positive() -> Double { share() * [1, 1e6][integer(0...1)] }

  private mutating func choice<Value>(_ values: [Value], _ fallback: Value) -> Value {
    values.randomElement(using: &random) ?? fallback
  }

  private mutating func path() -> String { "\(flip() ? "/" : "")d\(integer(0...99))/\(text())f" }

  private static let pieces = [
    "a", "Z", " ", "  ", "\t", "\n", "\r", "\"", "'", "\\", "{text}", "{label}", ":", ": ", "#",
    " #",
    "-", "- ", "?", "!", "&", "*", "|", ">", "%", "@", "`", "[", "]", "{", "}", ",", "~", "null",
    "true", "no", "1", "0x1F", "1e3", ".", "é", "e\u{301}", "日本", "🦊", "\u{1}", "\u{7F}", "\u{85}",
    "\u{2028}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}", "\u{200B}", "<<", "=", "---", "...",
  ]

  /// Never empty, never one of the words that mean absence.
  private mutating func text() -> String {
    "x" + (0..<integer(0...6)).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
  }
}
