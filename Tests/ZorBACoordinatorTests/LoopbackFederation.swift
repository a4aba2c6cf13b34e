import ZorBA
import ZorBAIdentity
import ZorBAJSON
import ZorBASite
import ZorBASitePolicy
import ZorBATestSupport
import ZorBAWire

@testable import ZorBACoordinator

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A federation on the loopback interface: an authority, a coordinator, and sites with rows of their
/// own, in one folder.
final class LoopbackFederation: Sendable {
  static let name = "trial-federation"

  let folder: TemporaryFolder
  let authority: CertificateAuthority
  let sites: [String]
  /// The run, with the sites' files as a simulation wants them.
  let run: RunConfiguration
  /// Where first-order methods take gradients from; nil is the model's backward pass.
  let gradients: SharedGradientFactory?
  private let port = Port()

  /// - Parameters:
  ///   - width: Of the model's feed-forward layers.
  ///   - family: Of the model.
  ///   - usesBackwardPass: Whether first-order methods take the model's own gradients.
  ///   - change: What differs from two examples a batch, six rounds, no evaluations.
  init(
    sites count: Int = 3, width: Int = 24, family: TinyCheckpoint.Family = .llama,
    usesBackwardPass: Bool = false,
    change: (inout RunConfiguration) -> Void = { _ in }
  ) throws {
    let folder = try TemporaryFolder()
    self.folder = folder
    gradients = usesBackwardPass ? nil : TestGradients.source
    let sites = (1...count).map { "ward-\($0)" }
    self.sites = sites
    authority = try CertificateAuthority.create(
      folder: folder.path("pki"), federation: Self.name, now: Date())
    let model = try TinyCheckpoint.write(to: folder, width: width, family: family)
    let train = try sites.enumerated().map { index, site in
      try folder.write(
        Self.rows(5 + 2 * index, seed: UInt64(index + 10)), to: "\(site)/train.jsonl")
    }
    var run = RunConfiguration(
      model: model, data: DataFiles(train: train, validation: nil, test: nil),
      out: folder.path("simulated"))
    run.task.template = "{text}={label}"
    run.task.labels = [("good", "y"), ("bad", "n")]
    run.federation = FederationConfiguration(sites: sites)
    // A round ends by answers; where one is missing for good, the test says so.
    run.federation.deadlineSeconds = 1e6
    run.method.learningRate = 0.02
    run.method.mu = 1e-2
    run.batch.size = 2
    run.rounds = 6
    run.evaluate.every = 0
    run.seed = 7
    run.secureAggregation.mode = .off
    change(&run)
    self.run = run
    try enrol(.coordinator, named: "coordinator", at: "identity")
    try enrol(.operator, named: "alice", at: "operator")
    for site in sites { try enrol(.site, named: site, at: "\(site)/identity") }
    try FileManager.default.createDirectory(
      atPath: folder.path("state"), withIntermediateDirectories: true)
  }

  private func enrol(_ role: Principal.Role, named name: String, at path: String) throws {
    try authority.provision(
      folder: folder.path(path),
      principal: Principal(federation: Self.name, role: role, name: name), now: Date())
  }

  static func rows(_ count: Int, seed: UInt64) -> String {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let letters = (0..<Int.random(in: 4...9, using: &random)).map { _ in
        "abcdefgh".randomElement(using: &random) ?? "a"
      }
      let row: JSONValue = [
        "text": .string(String(letters)), "label": index % 2 == 0 ? "good" : "bad",
      ]
      return row.serialized + "\n"
    }.joined()
  }

  /// The port, once a coordinator has one; a later coordinator takes the same.
  private actor Port {
    var number = 0

    func become(_ number: Int) { self.number = number }
  }
}

// MARK: - Who takes part

extension LoopbackFederation {
  /// What the coordinator is given: the run without data.
  var coordinated: RunConfiguration {
    var run = run
    run.data = DataFiles(train: [], validation: nil, test: nil)
    run.out = folder.path("trial")
    return run
  }

  /// Starts a coordinator, or starts it again in the same place.
  func coordinator(
    opening: Bool = true, change: (inout Coordinator.Options) -> Void = { _ in }
  ) async throws -> CoordinatorUnderTest {
    let coordinator = try await CoordinatorUnderTest(
      self, port: await port.number, runs: opening ? [("trial", coordinated)] : [],
      change: change)
    await port.become(coordinator.port)
    return coordinator
  }

  /// Tells the sites where a coordinator listens that was not started here.
  func listens(at number: Int) async { await port.become(number) }

  /// Starts a site's agent.
  ///
  /// - Parameters:
  ///   - number: From 1.
  ///   - settings: Lines added to the site's file.
  ///   - policy: What replaces lines of a policy that allows everything, by key.
  func agent(
    _ number: Int, settings: [String] = [], policy: [String: String] = [:],
    change: (inout SiteAgent.Options) -> Void = { _ in }
  ) async throws -> AgentUnderTest {
    AgentUnderTest(
      try await configuration(number, settings: settings, policy: policy)
    ) {
      $0.gradients = gradients
      change(&$0)
    }
  }

  func agents(change: (inout SiteAgent.Options) -> Void = { _ in }) async throws
    -> [AgentUnderTest]
  {
    var agents: [AgentUnderTest] = []
    for number in 1...sites.count { agents.append(try await agent(number, change: change)) }
    return agents
  }

  func configuration(
    _ number: Int, settings: [String] = [], policy: [String: String] = [:]
  ) async throws -> SiteConfiguration {
    let site = sites[number - 1]
    try folder.write(Self.policy(policy), to: "\(site)/policy.yaml")
    let hasModel = settings.contains { $0.hasPrefix("download_model") || $0.hasPrefix("model:") }
    let hasData = settings.contains { $0.hasPrefix("data") }
    let lines =
      [
        "coordinator: 127.0.0.1:\(await port.number)", "identity: identity", "state: state",
        "reconnect: {first_seconds: 0.1, longest_seconds: 0.2}",
      ] + (hasModel ? [] : ["model: \(run.model)"])
      + (hasData ? [] : ["data: {train: train.jsonl}"]) + settings
    let path = try folder.write(lines.joined(separator: "\n") + "\n", to: "\(site)/site.yaml")
    return try SiteConfiguration.read(path: path)
  }

  private static func policy(_ changes: [String: String]) -> String {
    let lines: [(String, String)] = [
      ("federation", name), ("runs", "{names: any, specifications: any}"),
      ("base_models", "any"), ("tasks", "any"), ("templates", "any"), ("columns", "any"),
      ("blocks", "{maximum: any, forbidden: []}"), ("local_steps", "{maximum: any}"),
      ("directions", "{maximum: any}"), ("batch", "{minimum: 1}"),
      ("rounds", "{maximum: any, maximum_per_day: any}"),
      ("updates", "{allowed: true, bytes_per_round: any}"),
      ("hours", "any"), ("payload_bytes_per_round", "any"), ("payload_bytes_per_day", "any"),
      ("evaluation", "{allowed: true, minimum_examples: 1}"),
      (
        "share", "{losses: true, timings: true, peak_memory: true, example_count: exact}"
      ),
      (
        "privacy",
        "{secure_aggregation: optional, differential_privacy: "
          + "{required: false, epsilon_maximum: any}, minimum_cohort: 1}"
      ),
    ]
    return lines.map { "\($0.0): \(changes[$0.0] ?? $0.1)\n" }.joined()
  }

  /// A connection of an operator, or of whoever's identity is named.
  func connected<Answer: Sendable>(
    as identity: String = "operator", _ body: (WireConnection) async throws -> Answer
  ) async throws -> Answer {
    let path = folder.path(identity)
    return try await WireClient(host: "127.0.0.1", port: await port.number) {
      try ConnectionSecurity(of: IdentityFolder(path).load(), admits: [.coordinator])
    }.withConnection(body)
  }
}

// MARK: - What came of it

extension LoopbackFederation {
  /// The whole federation in one process.
  func simulate(drops: RoundDrops? = nil) throws -> RunResult {
    var options = Simulation.Options()
    options.threads = 1
    options.drops = drops
    options.gradients = gradients
    return try Simulation(run, options: options).run()
  }

  /// The coordinator's journal.
  var journal: String { folder.path("trial/run.zorba") }

  /// A site's copy of it.
  func journal(of number: Int) -> String {
    folder.path("\(sites[number - 1])/state/run.zorba")
  }
}
