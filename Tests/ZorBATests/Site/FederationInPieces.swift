import Testing
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

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
    var drawing: PlanDrawing
    var timeline: ActivationTimeline
    var history: [RoundMetrics] = []
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
    let configuration = run.configuration
    let card = try ModelCard(
      ofCheckpoint: configuration.model, precision: configuration.precision,
      context: ComputeContext(threads: 1))
    let header = try card.journalHeader(of: configuration)
    let journal = try JournalWriter.create(
      at: run.run.folder.path("coordinator.zorba"), header: header)
    let names = configuration.federation.sites
    var engine = try RoundEngine(
      configuration: configuration, runKey: header.schedule.runKey,
      members: names.map { ($0, nil) })
    for number in 1...names.count {
      let copy = try SiteJournal(path: run.run.folder.path("site-\(number).zorba"))
      #expect(copy.byteCount == 0)
      try copy.begin(header: header.encoded)
      let site = try Self.site(number, copy, of: journal, run: run)
      engine.weigh(number - 1, Double(site.replica.examples))
      sites.append(site)
    }
    let profiles = sites.map { site in
      let examples = site.replica.examples
      return SiteProfile(name: site.replica.name, examples: examples, weight: Double(examples))
    }
    let costs = try sites.map { site in
      try SiteCosts(
        parsing: Array(site.replica.costs().json.serialized.utf8), blocks: card.layerCount)
    }
    let drawing = PlanDrawing(
      configuration, shape: card.planShape(of: profiles), runKey: header.schedule.runKey,
      estimates: try SiteEstimates(configuration, card: card, sites: profiles, costs: costs)
        .estimates)
    let plan = try drawing.outcome().plan
    coordinator = Coordinator(
      engine: engine, journal: journal, drawing: drawing, timeline: ActivationTimeline(plan))
    try send(.plan(PlanRecord(plan, outer: configuration.blocks.outer)))
  }

  /// A site that starts with what its journal holds and fetches the rest.
  private static func site(
    _ number: Int, _ journal: SiteJournal, of coordinator: JournalWriter, run: SiteRun
  ) throws -> Site {
    let header = try #require(journal.header)
    try fetch(into: journal, from: coordinator)
    // Threads change no answer, but what a pass takes of memory and so the plans made of costs.
    let threads = run.configuration.blocks.plan == .lexicographic ? 1 : number % 2 + 1
    let replica = try run.replica(number, of: header, threads: threads)
    try journal.replay(into: replica)
    #expect(replica.lastRound == Int(coordinator.lastRound))
    return Site(
      replica: replica, journal: journal, terms: try RoundTerms(replica.configuration))
  }

  /// Fetches what a journal lacks in pieces that end anywhere.
  private static func fetch(into journal: SiteJournal, from coordinator: JournalWriter) throws {
    let chain = try #require(journal.chain)
    #expect(try coordinator.begins(with: journal.byteCount, endingIn: chain))
    let bytes = try contents(of: coordinator.path)
    while journal.nextOffset < bytes.count {
      let start = journal.nextOffset
      let end = min(bytes.count, start + 37)
      try journal.append(fetched: Array(bytes[start..<end]), at: start)
    }
    #expect(journal.chain == coordinator.chain)
  }

  /// - Parameter restarting: Rounds before which sites, by number, are rebuilt from their journals; a
  ///   site misses the two rounds before.
  mutating func run(drops: RoundDrops, restarting: [Int: Int]) throws {
    for round in 1...run.configuration.rounds {
      for (number, restart) in restarting where restart == round {
        let path = sites[number - 1].journal.path
        sites[number - 1].journal = try SiteJournal(path: run.run.folder.path("nothing"))
        sites[number - 1] = try Self.site(
          number, SiteJournal(path: path), of: coordinator.journal, run: run)
      }
      try replanIfDue(before: round)
      let away = Set(restarting.filter { (1...2).contains($0.value - round) }.keys)
      try commit(round, drops: drops, away: away)
    }
    let digest = sites[0].replica.stateDigest
    coordinator.digest = "\(digest.state)"
    let last = coordinator.journal.lastRound
    try send(.digest(DigestCheckpoint(round: last, state: digest)))
    try send(.end(EndMarker(round: last, reason: "all rounds committed")))
  }

  private mutating func replanIfDue(before round: Int) throws {
    let drawing = coordinator.drawing
    guard drawing.isRevisionDue(beforeRound: round, timeline: coordinator.timeline),
      let plan = try drawing.revision(
        beforeRound: round, history: coordinator.history, timeline: coordinator.timeline)
    else { return }
    coordinator.timeline.adopt(plan)
    try send(.plan(PlanRecord(plan, outer: run.configuration.blocks.outer)))
  }

  /// A record that is no round goes to all who are not behind.
  private func send(_ record: JournalRecord) throws {
    let before = coordinator.journal.byteCount
    try coordinator.journal.append(record)
    for site in sites where site.journal.byteCount == before {
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
      var halves: [Int: [RoundMetrics.HalfScalars]] = [:]
      for client in asked where !drops(round, attempt, client) {
        // A site that is away has answered through a replica of its own: what it computes does not
        // depend on which copy computes it.
        let answer = try answer(
          of: client, round: round, plan: plan, isAway: away.contains(client + 1))
        halves[client] = answer.halves
        reports.append(
          .init(
            client: client, scalars: answer.scalars, examples: answer.examples, loss: answer.loss))
      }
      guard reports.count >= coordinator.engine.quorum(asked: asked.count) else { continue }
      reports.shuffle(using: &random)
      let closing = try coordinator.engine.close(reports, round: round, plan: plan)
      let committed = try #require(closing.committed)
      coordinator.leftOut += closing.leftOut.count
      coordinator.history.append(
        try #require(
          coordinator.engine.metrics(
            of: closing, plan: plan, halves: halves, seconds: 0, peakMemoryBytes: 0)))
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
      try Self.fetch(into: journal, from: coordinator.journal)
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
