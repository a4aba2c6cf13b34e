import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAPlanning
import ZorBAStore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the store keeps of one run, in the run's own terms.
struct RunStore: Sendable {
  let store: CoordinatorStore
  let run: String

  private static var now: Double { Date().timeIntervalSince1970 }

  /// Notes the run and its sites, unless the store has them.
  func open(folder: String, configuration: String, sites: [String]) throws {
    if try store.run(named: run) == nil {
      try store.create(
        StoredRun(
          name: run, state: .waiting, reason: "", folder: folder, configuration: configuration,
          createdAt: Self.now, operatorPaused: false))
    }
    let known = Set(try store.sites(ofRun: run).map(\.name))
    let missing = sites.enumerated().filter { !known.contains($0.element) }
    try store.save(
      missing.map { StoredSite(name: $0.element, number: $0.offset + 1) }, ofRun: run)
  }

  var isPaused: Bool {
    get throws { try store.run(named: run)?.operatorPaused ?? false }
  }

  func setPaused(_ isPaused: Bool) throws { try store.setOperatorPaused(isPaused, ofRun: run) }

  func setState(_ state: RunState) throws {
    try store.setState(
      StoredRun.State(rawValue: state.kind == .pausing ? "running" : state.kind.rawValue)
        ?? .waiting, reason: state.reason, ofRun: run)
  }

  /// The sites in the order of their numbers.
  func sites(_ names: [String], blocks: Int) throws -> [SiteRecord] {
    let stored = Dictionary(
      try store.sites(ofRun: run).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return names.enumerated().map { index, name in
      var site = SiteRecord(name: name, number: index + 1)
      guard let known = stored[name] else { return site }
      site.examples = known.examples
      site.costsText = known.costs ?? ""
      site.costs = known.costs.flatMap { try? SiteCosts(parsing: Array($0.utf8), blocks: blocks) }
      site.budgetBytes = known.budgetBytes ?? 0
      site.isQuarantined = known.state == .quarantined
      site.divergences = site.isQuarantined ? 1 : 0
      site.reason = known.reason
      site.lastRound = known.activity.lastRound
      site.secondsPerRound = known.activity.secondsPerRound ?? 0
      site.answers = known.activity.answers
      site.misses = known.activity.misses
      site.bytesReceived = UInt64(known.activity.bytesReceived)
      site.bytesSent = UInt64(known.activity.bytesSent)
      return site
    }
  }

  func save(_ sites: [SiteRecord]) throws {
    try store.save(
      sites.map { site in
        StoredSite(
          name: site.name, number: site.number, state: site.isQuarantined ? .quarantined : .absent,
          reason: site.reason, examples: site.examples,
          costs: site.costsText.isEmpty ? nil : site.costsText, budgetBytes: site.budgetBytes,
          activity: SiteActivity(
            lastRound: site.lastRound,
            secondsPerRound: site.secondsPerRound > 0 ? site.secondsPerRound : nil,
            answers: site.answers, misses: site.misses,
            bytesReceived: Int(clamping: site.bytesReceived),
            bytesSent: Int(clamping: site.bytesSent), lastSeen: Self.now))
      }, ofRun: run)
  }

  /// Keeps a round that is about to be journaled. One that never was, of an earlier try, goes.
  func record(
    _ metrics: RoundMetrics, attempt: Int, wire: (received: UInt64, sent: UInt64),
    results: [StoredResult]
  ) throws {
    if try store.lastRound(ofRun: run) >= metrics.round {
      try store.deleteRounds(after: metrics.round - 1, ofRun: run)
    }
    try store.record(
      StoredRound(
        number: metrics.round, attempt: attempt, seconds: metrics.seconds, loss: metrics.loss,
        coveredBlocks: metrics.coveredBlocks, bytesUp: metrics.bytesUp,
        bytesDown: metrics.bytesDown, wireReceived: Int(clamping: wire.received),
        wireSent: Int(clamping: wire.sent), metrics: metrics.json.serialized,
        committedAt: Self.now), results: results, ofRun: run)
  }

  func deleteRounds(after round: Int) throws { try store.deleteRounds(after: round, ofRun: run) }

  /// Sums over all rounds.
  func totals() throws -> RoundTotals { try store.totals(ofRun: run) }

  /// The metrics of all rounds, as far as they can be read.
  func history() throws -> [RoundMetrics] {
    var history: [RoundMetrics] = []
    try forEachRound { history.append($0) }
    return history
  }

  /// Shows the metrics of all rounds one after the other, in memory for some of them.
  func forEachRound(_ body: (RoundMetrics) throws -> Void) throws {
    try store.forEachRound(ofRun: run) { round in
      if let metrics = RoundMetrics(json: try JSONParser.parse(Array(round.metrics.utf8))) {
        try body(metrics)
      }
    }
  }

  /// Shows the lines of `metrics.jsonl` one after the other.
  func forEachLine(_ body: (String) throws -> Void) throws {
    try store.forEachRound(ofRun: run) { try body($0.metrics) }
  }

  func record(_ evaluation: Evaluation, round: Int, split: String) throws {
    func stored(_ site: String?, _ figures: Evaluation.Figures) -> StoredEvaluation {
      StoredEvaluation(
        round: round, split: split, site: site, examples: figures.examples, loss: figures.loss,
        accuracy: figures.accuracy, macroF1: figures.macroF1)
    }
    try store.record(
      [stored(nil, evaluation.overall)] + evaluation.perClient.map { stored($0.name, $0.figures) },
      ofRun: run)
  }

  /// What evaluations on the coordinator's own rows are stored under.
  private static let ownSplit = "coordinator"

  /// Keeps the figures of the coordinator's replica on the coordinator's rows.
  func recordOwn(_ evaluation: Evaluation, round: Int) throws {
    let figures = evaluation.overall
    try store.record(
      [
        StoredEvaluation(
          round: round, split: Self.ownSplit, examples: figures.examples, loss: figures.loss,
          accuracy: figures.accuracy, macroF1: figures.macroF1)
      ], ofRun: run)
  }

  /// These figures by round.
  func ownEvaluations() throws -> [Int: Evaluation] {
    let stored = try store.evaluations(ofRun: run, split: Self.ownSplit)
    return Dictionary(
      stored.map { row in
        (
          row.round,
          Evaluation(
            overall: .init(
              accuracy: row.accuracy, macroF1: row.macroF1, loss: row.loss, examples: row.examples))
        )
      }, uniquingKeysWith: { $1 })
  }

  func add(_ snapshot: RunSnapshot) throws {
    try store.add(
      StoredSnapshot(
        round: snapshot.round, folder: snapshot.folder, bytes: Int(clamping: snapshot.bytes)),
      ofRun: run)
  }

  func removeSnapshot(of round: Int) throws {
    try store.removeSnapshot(ofRound: round, ofRun: run)
  }

  /// Has the store list just these snapshots.
  func replaceSnapshots(with snapshots: [RunSnapshot]) throws {
    let known = Set(snapshots.map(\.round))
    for stored in try store.snapshots(ofRun: run) where !known.contains(stored.round) {
      try removeSnapshot(of: stored.round)
    }
    for snapshot in snapshots { try add(snapshot) }
  }

  /// The sites' evaluations by round, whatever their split was.
  func evaluations() throws -> [(round: Int, evaluation: Evaluation)] {
    let stored = try store.evaluations(ofRun: run).filter { $0.split != Self.ownSplit }
    return Dictionary(grouping: stored, by: \.round).sorted { $0.key < $1.key }.compactMap {
      round, rows in
      guard let all = rows.first(where: { $0.site == nil }) else { return nil }
      func figures(_ row: StoredEvaluation) -> Evaluation.Figures {
        Evaluation.Figures(
          accuracy: row.accuracy, macroF1: row.macroF1, loss: row.loss, examples: row.examples)
      }
      return (
        round,
        Evaluation(
          overall: figures(all),
          perClient: rows.compactMap { row in row.site.map { ($0, figures(row)) } })
      )
    }
  }

  func appendEvent(_ kind: String, site: String?, round: Int, _ text: String) throws {
    try store.append([
      StoredEvent(time: Self.now, run: run, site: site, round: round, kind: kind, text: text)
    ])
  }
}
