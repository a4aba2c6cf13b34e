package import Logging
import SwiftProtobuf
package import ZorBA
package import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
package import ZorBAStore
import ZorBAWire

/// One run on the coordinator: it drives the pure `RunMachine` with what sites send, clocks say and
/// operators ask, and carries out what the machine decides.
///
/// What must not be lost is written before anybody hears of it: a round goes to the store, then to
/// the journal, and only then to the sites. Whatever fails to be written pauses the run with the
/// reason; nothing is half done, so the run tries again by itself after a while.
package actor RunHost {
  package nonisolated let blueprint: RunBlueprint
  package nonisolated let folder: RunFolder
  package nonisolated var name: String { blueprint.name }

  let store: RunStore
  let log: Logger
  let options: Options
  /// Told of every committed round and of every change of state.
  let observer: @Sendable (RunNotice) -> Void

  var journal: JournalWriter
  var tail: JournalTail
  var timeline: ActivationTimeline?
  var engine: RoundEngine?
  /// What committed rounds say of sites; nil until it is asked for.
  var contributions: ContributionMonitor?
  var machine: RunMachine
  var deadlines: DeadlinePolicy
  let selection = RoundSelection()

  var sites: [SiteRecord]
  /// Streams by client, from 0.
  var sessions: [Int: SiteSession] = [:]
  /// Streams whose site is not yet up to date, by client.
  var arriving: [Int: SiteSession] = [:]
  /// Sites of which the store does not know the newest.
  var unsavedSites: Set<Int> = []
  var timers: [TimerKey: Task<Void, Never>] = [:]
  /// What came beside the scalars in the round under way, by client.
  var answers: [Int: Answer] = [:]
  /// Metrics of the evaluation under way, by client.
  var evaluations: [Int: Zorba_V1_Evaluation] = [:]
  /// The sites' figures by segment, by round. The store has no place for them: `metrics.jsonl` keeps
  /// them, and a coordinator that starts again knows those of later evaluations only.
  var segmentTables: [Int: SegmentTable] = [:]
  /// Who was asked in the round under way.
  var asked: [Int] = []
  var roundStart = ContinuousClock.now
  var lastLoss = Double.nan
  var secondsPerRound = 0.0
  var warnings: [String] = []
  var lastState: RunState?
  var isOperatorPaused: Bool
  /// Sites that were told that the run is over.
  var toldEnd: Set<Int> = []
  /// The digest of the finished weights.
  var finalDigest: StateDigest?
  /// Payload of the rounds of this process's life: scalars and coefficients, without framing.
  var payload: (received: UInt64, sent: UInt64) = (0, 0)
  /// The round that is being metered.
  var meteredRound = 0
  /// What had crossed the wire when it began.
  var wireBefore: (received: UInt64, sent: UInt64) = (0, 0)
  /// What has crossed the wire site by site in rounds of this process's life, and in how many.
  var meter = RoundMeter()
  var resultWriter: RunResultWriter
  /// The coordinator's own copy of the model, where it keeps one.
  let replica: RunReplica?
  /// Its figures on the coordinator's own rows, by round.
  var ownEvaluations: [Int: Evaluation]
  /// The round at which it was asked for the digest of the final weights.
  var consulted: Int?
  /// Updates on their way in; nil in runs whose answers are scalars.
  package nonisolated let inbox: UpdateInbox?
  /// What makes one change of them.
  let server: DenseServer?
  /// The secure aggregation of the attempt under way; nil in runs in the clear.
  var secure: SecureAttempt?
  /// The stretch of the run in which no attempt comes twice; 0 in runs in the clear.
  var secureEpoch: UInt64 = 0
  /// Numbers closings that go on beside everything else; one that was overtaken is not committed.
  var closings = 0
  /// Whether another host has taken the run over.
  var isRetired = false
  /// Numbers the plans that were begun; one that was overtaken is not adopted.
  var planning = 0

  /// How a coordinator treats its runs.
  package struct Options: Sendable {
    /// Seconds that an evaluation may take.
    package var evaluationSeconds = 600.0
    /// Seconds between heartbeats of idle sites.
    package var heartbeatSeconds: UInt32 = 30
    /// Seconds before a run with too few answers, or with a disk that refuses, tries again by itself.
    package var retrySeconds = 5.0
    /// How a replica of the model is kept; nil keeps none.
    package var replica: ReplicaOptions?
    /// Where acts and rounds are recorded; nil keeps no log.
    package var audit: AuditTrail?
    /// Seconds that a run which is taken up again waits for all its sites, from the first one on.
    package var gatherSeconds = 10.0
    /// The federation's name, which binds what sites sign.
    package var federation = ""
    /// Who vouches for sites; nil leaves that to the sites.
    package var trust: FederationTrust?
    /// Who agreed to the run, for its result.
    var approvals: [RunProtection.Approval] = []
    /// Begins the run anew in the clear, for a reason; nil where that must not be.
    var goesClear: (@Sendable (String) -> Void)?

    package init() {}
  }

  /// What comes with an answer besides what is aggregated.
  struct Answer {
    var seconds: Double
    /// From the question to the answer.
    var elapsed: Double
    var peakMemoryMiB: Int
    var halves: [RoundMetrics.HalfScalars]?
  }

  enum TimerKey: Hashable {
    case deadline, evaluation, digests, retry, recovery, saving, telling, gathering, secure
    case absence(Int)
  }

  /// Takes up a run from its folder, or starts it there.
  ///
  /// - Throws: `ZorBAError` when the folder holds another run or the disk refuses.
  package init(
    _ blueprint: RunBlueprint, folder: RunFolder, store: CoordinatorStore, log: Logger,
    options: Options = Options(), observer: @escaping @Sendable (RunNotice) -> Void = { _ in }
  ) throws {
    self.blueprint = blueprint
    self.folder = folder
    self.store = RunStore(store: store, run: blueprint.name)
    self.options = options
    self.observer = observer
    var log = log
    log[metadataKey: "run"] = "\(blueprint.name)"
    self.log = log
    let opened = try RunOpening(blueprint, folder: folder, store: self.store)
    journal = opened.journal
    tail = try JournalTail(endOfJournalAt: folder.journal)
    timeline = opened.timeline
    sites = opened.sites
    if blueprint.isFirstOrder {
      let journal = opened.journal
      let inbox = UpdateInbox(
        folder: "\(folder.path)/updates",
        encoding: blueprint.configuration.method.firstOrder.upload)
      // Sites that were sending begin again.
      inbox.clear()
      self.inbox = inbox
      let server = DenseServer(
        configuration: blueprint.configuration, model: journal.header.model,
        runKey: journal.header.schedule.runKey, folder: folder.path)
      if !journal.hasEnded { try server.stand(at: Int(clamping: journal.lastRound)) }
      self.server = server
    } else {
      (inbox, server) = (nil, nil)
    }
    engine = opened.engine
    if blueprint.configuration.secureAggregation.isOn {
      secureEpoch = try SecureEpoch.begin(in: folder)
      selection.keep(to: SignedLists.read(from: folder))
    }
    isOperatorPaused = opened.isOperatorPaused
    warnings = opened.warnings
    resultWriter = RunResultWriter(folder: folder, store: self.store)
    lastLoss = opened.lastLoss
    finalDigest = opened.finalDigest
    let deadline = blueprint.configuration.federation.deadlineSeconds
    deadlines = DeadlinePolicy(fixed: deadline > 0 ? deadline : nil)
    if let engine, let timeline { selection.follow(engine, timeline) }
    machine = opened.machine(selection)
    try AuditOpening(blueprint, journal: opened.journal).record(in: options.audit)
    let evaluations = try self.store.ownEvaluations()
    ownEvaluations = evaluations
    replica = try options.replica.map {
      try RunReplica(
        blueprint, folder: folder, store: RunStore(store: store, run: blueprint.name), options: $0,
        reach: Int(clamping: opened.journal.lastRound), evaluated: Set(evaluations.keys))
    }
  }
}
