import Testing
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBATestSupport

@testable import ZorBA

/// A coordinator without weights and sites with replicas commit what a simulation commits, byte for
/// byte, whatever order answers come in, whatever is lost, and whoever restarts.
@Suite struct FederationInPiecesTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var loss = 0.0
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "shared directions, one step") { _ in },
    Case(testDescription: "local steps, several directions, outer block, rotating plan") {
      $0.method.localSteps = 3
      $0.method.directions = 2
      $0.blocks.plan = .random
      $0.blocks.outer = true
    },
    Case(testDescription: "own directions, local steps, cosine") {
      $0.method.seeding = .perClient
      $0.method.localSteps = 2
      $0.method.schedule = .cosine
      $0.method.warmupRounds = 3
      $0.blocks.plan = .random
      $0.blocks.active = [0.4]
    },
    Case(testDescription: "own directions, decay, some of the sites") {
      $0.method.seeding = .perClient
      $0.method.directions = 3
      $0.method.weightDecay = 0.01
      $0.federation.participation = 0.5
      $0.blocks.plan = .roundRobin
    },
    Case(testDescription: "shared directions, answers lost", loss: 0.4) {
      $0.method.directions = 2
      $0.blocks.plan = .random
      $0.federation.quorum = 0.7
      $0.federation.attempts = 50
    },
    Case(testDescription: "own directions, local steps, some of the sites, answers lost", loss: 0.5)
    {
      $0.method.seeding = .perClient
      $0.method.localSteps = 2
      $0.federation.participation = 0.5
      $0.federation.overSelection = 0.3
      $0.federation.quorum = 1
      $0.federation.attempts = 50
      $0.blocks.plan = .random
      $0.blocks.rotateEvery = 2
    },
    Case(testDescription: "a plan of the sites' costs, made anew from their answers", loss: 0.3) {
      $0.method.seeding = .perClient
      $0.method.localSteps = 2
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.4, 0.7, 1, 0.4]
      $0.blocks.replanEvery = 4
      $0.federation.quorum = 0.7
      $0.federation.attempts = 50
    },
    Case(testDescription: "norms cut down, weights by loss, some of the sites", loss: 0.2) {
      $0.aggregation.rule = .normClipped
      $0.fairness = FairnessConfiguration()
      $0.fairness?.lossExponent = 2
      $0.federation.participation = 0.75
      $0.federation.attempts = 50
      $0.federation.quorum = 1
      $0.method.directions = 2
    },
    Case(testDescription: "the median of those who answer", loss: 0.2) {
      $0.aggregation.rule = .median
      $0.federation.attempts = 50
      $0.federation.quorum = 0.7
    },
    Case(testDescription: "absurd answers left out", loss: 0.2) {
      $0.guardrail.action = .skip
      $0.guardrail.factor = 3.01
      $0.method.directions = 4
      $0.federation.attempts = 50
      $0.federation.quorum = 1
      $0.rounds = 30
    },
  ]

  @Test(arguments: cases)
  func piecesCommitWhatASimulationCommits(_ example: Case) throws {
    let run = try SiteRun(sites: 4, change: example.change)
    let drops: RoundDrops = { round, attempt, client in
      var random = SeededGenerator(seed: UInt64(round * 10_000 + attempt * 10 + client))
      return Double.random(in: 0..<1, using: &random) < example.loss
    }
    let result = try run.simulate(drops: drops)
    var pieces = try FederationInPieces(run, seed: 3)
    try pieces.run(drops: drops, restarting: [2: 5, 3: 9])
    #expect(pieces.coordinator.digest == result.stateDigest)
    let simulated = try contents(of: result.journalPath)
    let divergence = try JournalDivergence.first(
      between: result.journalPath, and: pieces.coordinator.journal.path)
    #expect(divergence == nil)
    #expect(try contents(of: pieces.coordinator.journal.path) == simulated)
    for site in pieces.sites {
      #expect(try contents(of: site.journal.path) == simulated)
      #expect("\(site.replica.stateDigest.state)" == result.stateDigest)
    }
    if example.loss > 0 { #expect(pieces.coordinator.attempts > run.configuration.rounds) }
    #expect(pieces.coordinator.leftOut == result.history.reduce(0) { $0 + $1.leftOut.count })
    if run.configuration.guardrail.action == .skip { #expect(pieces.coordinator.leftOut > 0) }
    if run.configuration.blocks.replanEvery > 0 {
      #expect(pieces.coordinator.timeline.plans.count > 1)
    }
  }
}
