import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor
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
    #expect(try contents(of: pieces.coordinator.journal.path) == simulated)
    for site in pieces.sites {
      #expect(try contents(of: site.journal.path) == simulated)
      #expect("\(site.replica.stateDigest.state)" == result.stateDigest)
    }
    if example.loss > 0 { #expect(pieces.coordinator.attempts > run.configuration.rounds) }
    #expect(pieces.coordinator.leftOut == result.history.reduce(0) { $0 + $1.leftOut.count })
    if run.configuration.guardrail.action == .skip { #expect(pieces.coordinator.leftOut > 0) }
  }
}

/// A coordinator and its sites as values in one test, with commits, records and fetched bytes between
/// them as they would be on a wire.
struct FederationInPieces {
  struct Site {
    var replica: SiteReplica
    var journal: SiteJournal
    var terms: RoundTerms
  }

  struct Coordinator {
    var engine: RoundEngine
    var journal: JournalWriter
    var timeline: ActivationTimeline
    var attempts = 0
    var leftOut = 0
    var digest = ""
  }

  let run: SiteRun
  var coordinator: Coordinator
  var sites: [Site] = []
  private var random: SeededGenerator

  init(_ run: SiteRun, seed: UInt64) throws {
    self.run = run
    random = SeededGenerator(seed: seed)
    let prepared = try run.run.prepared()
    let header = prepared.journalHeader
    let journal = try JournalWriter.create(
      at: run.run.folder.path("coordinator.zorba"), header: header)
    try journal.append(.plan(prepared.journaledPlan))
    let count = run.configuration.federation.sites.count
    coordinator = Coordinator(
      engine: try RoundEngine(
        configuration: run.configuration, runKey: header.schedule.runKey,
        members: run.configuration.federation.sites.map { ($0, nil) }),
      journal: journal, timeline: ActivationTimeline(prepared.plan))
    for number in 1...count {
      let journal = try SiteJournal(path: run.run.folder.path("site-\(number).zorba"))
      #expect(journal.byteCount == 0)
      try journal.begin(header: header.encoded)
      sites.append(try site(number, journal))
      coordinator.engine.weigh(number - 1, Double(sites[number - 1].replica.examples))
    }
  }

  /// A site that starts with what its journal holds and fetches the rest.
  private func site(_ number: Int, _ journal: SiteJournal) throws -> Site {
    let header = try #require(journal.header)
    try fetch(into: journal)
    let replica = try run.replica(number, of: header, threads: number % 2 + 1)
    try journal.replay(into: replica)
    #expect(replica.lastRound == Int(coordinator.journal.lastRound))
    return Site(
      replica: replica, journal: journal, terms: try RoundTerms(replica.configuration))
  }

  /// Fetches what a journal lacks in pieces that end anywhere.
  private func fetch(into journal: SiteJournal) throws {
    let chain = try #require(journal.chain)
    #expect(try coordinator.journal.begins(with: journal.byteCount, endingIn: chain))
    let bytes = try contents(of: coordinator.journal.path)
    while journal.nextOffset < bytes.count {
      let start = journal.nextOffset
      let end = min(bytes.count, start + 37)
      try journal.append(fetched: Array(bytes[start..<end]), at: start)
    }
    #expect(journal.chain == coordinator.journal.chain)
  }

  /// - Parameter restarting: Rounds before which sites, by number, are rebuilt from their journals; a
  ///   site misses the two rounds before.
  mutating func run(drops: RoundDrops, restarting: [Int: Int]) throws {
    for round in 1...run.configuration.rounds {
      for (number, restart) in restarting where restart == round {
        let path = sites[number - 1].journal.path
        sites[number - 1].journal = try SiteJournal(path: run.run.folder.path("nothing"))
        sites[number - 1] = try site(number, SiteJournal(path: path))
      }
      let away = Set(restarting.filter { (1...2).contains($0.value - round) }.keys)
      try commit(round, drops: drops, away: away)
    }
    let digest = sites[0].replica.stateDigest
    coordinator.digest = "\(digest.state)"
    let last = coordinator.journal.lastRound
    try send(.digest(DigestCheckpoint(round: last, state: digest)))
    try send(.end(EndMarker(round: last, reason: "all rounds committed")))
  }

  /// A record that is no round goes to all.
  private mutating func send(_ record: JournalRecord) throws {
    try coordinator.journal.append(record)
    for site in sites {
      let received = try site.journal.append(
        type: record.type, payload: record.payload,
        expecting: coordinator.journal.chain.leadingWord)
      if case .digest(let checkpoint) = received { try site.replica.verify(checkpoint) }
    }
  }

  private mutating func commit(_ round: Int, drops: RoundDrops, away: Set<Int>) throws {
    let plan = coordinator.timeline.plan(round: round)
    for attempt in 1...coordinator.engine.attempts {
      coordinator.attempts += 1
      let asked = coordinator.engine.participants(round: round, attempt: attempt, plan: plan)
      var reports: [RoundCoordinator.Report] = []
      for client in asked where !drops(round, attempt, client) {
        // A site that is away has answered through a replica of its own: what it computes does not
        // depend on which copy computes it.
        let answer = try answer(
          of: client, round: round, plan: plan, isAway: away.contains(client + 1))
        reports.append(
          .init(
            client: client, scalars: answer.scalars, examples: answer.examples, loss: answer.loss))
      }
      guard reports.count >= coordinator.engine.quorum(asked: asked.count) else { continue }
      reports.shuffle(using: &random)
      let closing = try coordinator.engine.close(reports, round: round, plan: plan)
      let committed = try #require(closing.committed)
      coordinator.leftOut += closing.leftOut.count
      try coordinator.journal.append(.round(committed))
      let commit = try coordinator.engine.terms.compact(committed, plan: plan)
      try tell(commit, away: away)
      return
    }
    Issue.record("round \(round) found no quorum")
  }

  private func answer(
    of client: Int, round: Int, plan: ActivationPlan, isAway: Bool
  ) throws -> SiteReplica.Answer {
    var replica = sites[client].replica
    if isAway {
      let header = try #require(sites[client].journal.header)
      replica = try run.replica(client + 1, of: header)
      let journal = try SiteJournal(path: run.run.folder.path("twin.zorba"))
      try journal.begin(header: header.encoded)
      defer { try? journal.restart() }
      try fetch(into: journal)
      try journal.replay(into: replica)
    }
    let blocks = coordinator.engine.blocks(of: client, round: round, plan: plan)
    let before = replica.stateDigest
    let answer = try replica.answer(round: round, blocks: blocks)
    #expect(replica.stateDigest == before)
    return answer
  }

  private func tell(_ commit: CompactCommit, away: Set<Int>) throws {
    let count = run.configuration.federation.sites.count
    for site in sites where !away.contains(site.replica.number) {
      let timeline = try #require(try site.journal.timeline(clients: count))
      let round = try site.terms.expand(
        commit, plan: timeline.plan(round: Int(clamping: commit.round)))
      try site.journal.append(round, expecting: coordinator.journal.chain.leadingWord)
      try site.replica.apply([round])
    }
  }
}
