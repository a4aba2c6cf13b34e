import Testing
import ZorBA
import ZorBAOptimization
import ZorBAPrivacy
import ZorBASite
import ZorBATestSupport

@testable import ZorBACoordinator

/// A repeatable generator in the place of a cryptographic one.
struct RepeatableNoise: CryptographicGenerator {
  private var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }
  mutating func next() -> UInt64 { generator.next() }

  /// That of a client, counted from 0.
  init(client: Int) { self.init(seed: 1000 + UInt64(client)) }
}

extension RunConfiguration {
  /// Record-level privacy whose noise three honest sites of six make, one of which may collude.
  mutating func sharesNoise() {
    federation.weights = .uniform
    method.directions = 2
    secureAggregation.mode = .on
    secureAggregation.adversaryShare = 0.17
    secureAggregation.minimumGroup = 4
    differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 6)
    differentialPrivacy?.noise = .distributed
    differentialPrivacy?.shares = 3
    differentialPrivacy?.noiseMultiplier = 3
    differentialPrivacy?.clip = 1
  }
}

extension LoopbackFederation {
  /// The whole federation in one process, with the noise that ``privateAgents(change:)`` draw.
  func simulatePrivately() throws -> RunResult {
    var options = Simulation.Options()
    options.threads = 1
    options.randomness = { RepeatableNoise(client: $0) }
    return try Simulation(run, options: options).run()
  }

  /// Agents whose noise is that of a simulation.
  func privateAgents(
    change: (Int, inout SiteAgent.Options) -> Void = { _, _ in }
  ) async throws -> [AgentUnderTest] {
    var agents: [AgentUnderTest] = []
    for number in 1...sites.count {
      agents.append(
        try await agent(number) {
          $0.randomness = { RepeatableNoise(client: number - 1) }
          change(number, &$0)
        })
    }
    return agents
  }

  /// What a site's ledger has of the run.
  func spent(by number: Int) throws -> [PrivacyLedgerState.Entry] {
    try PrivacyLedger.read(folder: folder.path("\(sites[number - 1])/state"))?
      .entries(of: SitePrivacy.account) ?? []
  }

  /// Uses that a site has charged.
  func uses(by number: Int) throws -> Int { try spent(by: number).reduce(0) { $0 + $1.count } }
}
