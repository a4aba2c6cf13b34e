import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a run writes while it goes: the journal, the metrics and the log.
final class RunRecord {
  /// Rounds that were committed before and now.
  private(set) var history: [RoundMetrics] = []
  /// Evaluations that were made before and now.
  private(set) var evaluations: [(round: Int, evaluation: Evaluation)] = []
  /// The plans that the rounds followed and will follow, as the journal has them.
  private(set) var timeline: ActivationTimeline
  /// What the operator was warned of.
  private(set) var warnings: [String] = []

  /// Whether a run killed between its last two records left the digest there.
  private var hasFinalDigest = false
  private let journal: JournalWriter
  private let metrics: LineFile
  private let log: LineFile
  private let trainsOuter: Bool
  private let observer: (RunEvent) -> Void
  /// What sites bring.
  private(set) var contributions: ContributionMonitor
  /// How sites and segments fare; nil where the run does not ask.
  private(set) var drift: DriftMonitor?

  /// The last committed round.
  var lastRound: Int { Int(clamping: journal.lastRound) }
  /// Bytes of the journal.
  var journalBytes: Int { journal.byteCount }

  /// Starts a run's files, or takes up those of an interrupted run and brings the weights to where
  /// its journal ends.
  ///
  /// - Throws: `ZorBAError` when the folder holds another run, or none to resume.
  static func open(_ folder: RunFolder, run: PreparedRun, resume: Bool) throws -> RunRecord {
    resume ? try continued(folder, run: run) : try started(folder, run: run)
  }

  private static func started(_ folder: RunFolder, run: PreparedRun) throws -> RunRecord {
    // The file stands in another folder than the one its paths were taken from.
    let text = run.configuration.withPaths(
      from: FileManager.default.currentDirectoryPath
    ).yamlText
    try folder.prepareForNewRun(configuration: text)
    // The journal comes first: only one of two runs that start here at once gets past it.
    let journal = try JournalWriter.create(at: folder.journal, header: run.journalHeader)
    do {
      try RunFolder.write(text, to: folder.configuration)
      try? FileManager.default.removeItem(atPath: folder.metrics)
      if let plan = try run.planFile() { try RunFolder.write(plan.text, to: folder.plan) }
      if let measured = run.runEstimates.measured {
        try RunFolder.write(measured.json.serializedForReading + "\n", to: folder.sensitivity)
      }
      try journal.append(.plan(run.journaledPlan))
      let record = try RunRecord(
        journal: journal, timeline: ActivationTimeline(run.plan), folder: folder, run: run)
      try record.note("started", [("model", .string(run.configuration.model))])
      return record
    } catch {
      // A run that never began is not in the way of the next try.
      try? FileManager.default.removeItem(atPath: folder.journal)
      throw error
    }
  }

  private static func continued(_ folder: RunFolder, run: PreparedRun) throws -> RunRecord {
    guard FileManager.default.fileExists(atPath: folder.journal) else {
      throw ZorBAError(
        .invalidConfiguration, "there is no run to resume here", at: .init(file: folder.path),
        advice: "Start it without --resume, or give the folder of the run.")
    }
    let journal = try JournalWriter.resume(at: folder.journal)
    guard journal.header == run.journalHeader else {
      throw ZorBAError(
        .invalidConfiguration, "the run in this folder has another configuration or base model",
        at: .init(file: folder.path),
        advice:
          "Resume without --set or --seed, with run.yaml and the model unchanged, or start a new run "
          + "elsewhere.")
    }
    let replayed = try JournalReplay.apply(journal: folder.journal, to: run.loaded)
    // A run killed between the header and the plan.
    if journal.recordCount == 1 { try journal.append(.plan(run.journaledPlan)) }
    let lines = try folder.reclaimMetrics(upTo: Int(clamping: journal.lastRound))
    let timeline = try ActivationTimeline(
      replayed.plans, clients: run.clients.count, blocks: run.plan.blockCount)
    let record = try RunRecord(
      journal: journal, timeline: timeline ?? ActivationTimeline(run.plan), folder: folder, run: run
    )
    record.hasFinalDigest = replayed.endsInDigest
    for line in lines {
      if let metrics = RoundMetrics(json: line) {
        record.history.append(metrics)
        _ = record.contributions.observe(
          metrics, plan: record.timeline.plan(round: metrics.round))
      } else if let round = line["round"]?.integer, let value = line["evaluation"],
        let evaluation = Evaluation(json: value)
      {
        record.evaluations.append((round, evaluation))
        _ = record.drift?.observe(
          evaluation, round: round, series: run.series(after: round))
      }
    }
    if record.history.count != record.lastRound {
      record.warn(
        "\(folder.metrics) has \(record.history.count) of \(record.lastRound) rounds; figures of "
          + "the others are missing, and the guard has forgotten them")
    }
    if journal.discardedByteCount > 0 {
      record.warn("removed an unfinished record of \(journal.discardedByteCount) bytes")
    }
    try record.note("resumed", [("round", .integer(record.lastRound))])
    run.observer(.resumed(round: record.lastRound))
    return record
  }

  private init(
    journal: JournalWriter, timeline: ActivationTimeline, folder: RunFolder, run: PreparedRun
  ) throws {
    self.journal = journal
    self.timeline = timeline
    trainsOuter = run.configuration.blocks.outer
    self.metrics = try LineFile(path: folder.metrics)
    self.log = try LineFile(path: folder.log)
    observer = run.observer
    contributions = try ContributionMonitor(
      configuration: run.ownConfiguration, members: run.clients.map { ($0.name, $0.weight) })
    drift = run.configuration.fairness.map(DriftMonitor.init)
  }

  /// Makes a round durable. Its metrics go first, so that a journaled round always has them.
  func commit(_ commit: RoundCommit, _ line: RoundMetrics, rounds: Int) throws {
    var contributions = contributions
    let alarms = contributions.observe(line, plan: timeline.plan(round: line.round))
    var line = line
    line.alarms = alarms.map(\.text)
    try metrics.append(line.json.serialized)
    try metrics.synchronize()
    switch commit {
    case .scalar(let round): try journal.append(.round(round))
    case .dense(let round, let changes): try journal.append(round, changes: changes.body)
    }
    hasFinalDigest = false
    history.append(line)
    self.contributions = contributions
    observer(.committed(line, rounds: rounds))
    line.alarms.forEach(warn)
  }

  /// Records an evaluation after a round.
  ///
  /// - Parameter series: Which rows it is of.
  func evaluated(_ evaluation: Evaluation, round: Int, series: String) throws {
    evaluations.append((round, evaluation))
    let alarms = drift?.observe(evaluation, round: round, series: series).map(\.text) ?? []
    var members: [(String, JSONValue)] = [
      ("round", .integer(round)), ("evaluation", evaluation.json),
    ]
    if !alarms.isEmpty { members.append(("alarms", .array(alarms.map { .string($0) }))) }
    try metrics.append(RunConfiguration.object(members).serialized)
    observer(.evaluated(evaluation, round: round))
    alarms.forEach(warn)
  }

  /// Makes a new plan durable, before the first round that follows it.
  func adopt(_ plan: ActivationPlan) throws {
    try journal.append(.plan(PlanRecord(plan, outer: trainsOuter)))
    timeline.adopt(plan)
    try note("planned", [("first_round", .integer(plan.firstRound))])
  }

  /// Records the digest of all blocks, and the end of the run.
  func end(_ digest: StateDigest, reason: String) throws {
    if !hasFinalDigest {
      try journal.append(.digest(DigestCheckpoint(round: journal.lastRound, state: digest)))
    }
    try journal.append(.end(EndMarker(round: journal.lastRound, reason: reason)))
    try note("ended", [("round", .integer(lastRound)), ("digest", .string("\(digest.state)"))])
  }

  /// Whether the run was marked as ended.
  var hasEnded: Bool { journal.hasEnded }

  /// Tells and records something the operator should know.
  func warn(_ text: String) {
    warnings.append(text)
    try? note("warning", [("text", .string(text))])
    observer(.warning(text))
  }

  private func note(_ event: String, _ members: [(String, JSONValue)]) throws {
    var object = JSONObject()
    let time = Date().formatted(.iso8601)
    _ = object.append(.init(key: "time", value: .string(time)))
    _ = object.append(.init(key: "event", value: .string(event)))
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    try log.append(JSONValue.object(object).serialized)
  }
}
