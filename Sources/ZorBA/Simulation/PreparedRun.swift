import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBAPlanning
import ZorBAPrivacy
import ZorBATensor

/// A configuration with everything it names loaded, encoded, partitioned and checked.
struct PreparedRun {
  let configuration: RunConfiguration
  let context: ComputeContext
  let loaded: LoadedModel
  let task: RunTask
  /// The place of the one client that trains among those of the partition; nil when all do.
  let only: Int?
  /// Who trains.
  let clients: [FederationClient]
  /// The plan that the run begins with or, taken up again, goes on with.
  let plan: ActivationPlan
  /// What makes plans.
  let drawing: PlanDrawing
  /// What is known of gradients and costs.
  let runEstimates: RunEstimates
  /// What the policy says of the first plan; nil for a run taken up again.
  let firstOutcome: PolicyOutcome?
  let runKey: RunKey
  /// The base model's digest, taken before anything moved.
  let base: StateDigest
  /// What is evaluated before and after: the test file, else the validation file.
  let finalRows: Dataset?
  /// What is evaluated during the run.
  let periodicRows: Dataset?
  /// The memory that the run will take.
  let memory: MemoryForecast
  /// How the clients' answers are made private; nil where the run promises nothing.
  let privacy: PrivacyPlan?
  let observer: (RunEvent) -> Void

  /// - Parameters:
  ///   - journal: The journal of this run when it is taken up again: its plan is in there, and is
  ///     not made anew.
  ///   - estimates: What plans are made from; nil takes the run's own estimates.
  /// - Throws: `ZorBAError` naming whatever cannot be used.
  init(
    _ configuration: RunConfiguration, context: ComputeContext, journal: String? = nil,
    estimates: ((PlanShape) -> PlanEstimates)? = nil,
    observer: @escaping (RunEvent) -> Void
  ) throws {
    let materials = try RunMaterials(
      configuration, context: context, given: estimates, observer: observer)
    let configuration = materials.configuration
    self.configuration = configuration
    self.context = context
    self.observer = observer
    runKey = materials.runKey
    loaded = materials.loaded
    task = materials.task
    only = try materials.only
    let clients = only.map { [materials.clients[$0]] } ?? materials.clients
    self.clients = clients
    drawing = materials.drawing
    runEstimates = materials.estimates
    base = StateDigest(of: loaded.model.trainable, context: context)
    let header = Self.journalHeader(configuration, loaded: loaded, runKey: runKey, base: base)
    let journaled = try journal.flatMap {
      try Self.timeline(inJournal: $0, of: header, clients: clients.count)
    }
    if journaled == nil, materials.drawing.policy == .lexicographic {
      observer(.prepared(summary: "planning who trains which blocks; this takes some seconds\n"))
    }
    let outcome = journaled == nil ? try materials.drawing.outcome() : nil
    firstOutcome = outcome
    plan =
      try journaled?.plan(round: .max)
      ?? Self.plan(outcome?.plan ?? materials.drawing.outcome().plan, of: only)
    let evaluate = configuration.evaluate
    let test = try configuration.data.test.map {
      try materials.task.rows(at: $0, limit: evaluate.limit)
    }
    let validation = try configuration.data.validation.map {
      try materials.task.rows(at: $0, limit: evaluate.limit)
    }
    finalRows = test ?? validation
    periodicRows = evaluate.split == .test ? test : validation ?? test
    memory = try MemoryForecast(
      configuration, loaded: loaded, clients: clients, plan: plan,
      evaluated: [finalRows, periodicRows].compactMap { $0 })
    privacy = try PrivacyPlan(configuration, clients: clients)
    observer(
      .prepared(
        summary: materials.dataSummary + "\n" + (outcome?.solved?.summary ?? "") + memory.summary
          + (privacy?.summary ?? "")))
  }

  /// The plans in a journal; nil when there is none yet, or when it is another run's, which is for
  /// whoever opens it to say.
  private static func timeline(
    inJournal path: String, of header: JournalHeader, clients: Int
  ) throws -> ActivationTimeline? {
    guard let reader = try? JournalReader(path: path), reader.header == header else { return nil }
    var plans: [PlanRecord] = []
    while let entry = try reader.next() {
      if case .plan(let plan) = entry.record { plans.append(plan) }
    }
    return try ActivationTimeline(
      plans, clients: clients, blocks: header.model.blocks.count - 1)
  }

  /// The header of this run's journal.
  var journalHeader: JournalHeader {
    Self.journalHeader(configuration, loaded: loaded, runKey: runKey, base: base)
  }

  private static func journalHeader(
    _ configuration: RunConfiguration, loaded: LoadedModel, runKey: RunKey, base: StateDigest
  ) -> JournalHeader {
    JournalHeader(
      schedule: configuration.method.directionSchedule(runKey),
      base: base,
      model: ModelFingerprint(
        family: loaded.configuration.family.rawValue, parameters: loaded.model.trainable),
      configuration: configuration.journaled)
  }

  /// Which rows an evaluation after a round is of: before and after training the final ones.
  func series(after round: Int) -> String {
    let data = configuration.data
    let isTest =
      round == 0 || round == configuration.rounds || configuration.evaluate.split == .test
    return (isTest ? data.test ?? data.validation : data.validation ?? data.test) ?? ""
  }

  /// The configuration for those who train: one client by itself has nobody to be compared with, so
  /// that no rule but the mean has anything to say.
  var ownConfiguration: RunConfiguration {
    guard only != nil else { return configuration }
    var own = configuration
    own.aggregation = AggregationConfiguration()
    return own
  }

  /// The plan as the journal keeps it.
  var journaledPlan: PlanRecord { PlanRecord(plan, outer: configuration.blocks.outer) }

  /// The first plan with what its policy says of it; nil when no policy reckoned, or when the run
  /// was taken up again.
  func planFile() throws -> PlanFile? {
    guard only == nil, let firstOutcome, let policy = drawing.policy, policy.needsEstimates else {
      return nil
    }
    return PlanFile(
      clients: clients.map(\.name), policy: policy, outcome: firstOutcome,
      problem: try drawing.problem())
  }

  /// A session over the run's own weights.
  func session(
    lastCommitted: Int, drops: RoundDrops? = nil, tampers: AnswerTampering? = nil,
    privacy: [ClientPrivacy] = [], warn: @escaping (String) -> Void
  ) throws -> TrainingSession {
    var parts = TrainingSession.Parts(
      model: loaded.model, clients: clients, plan: plan, configuration: ownConfiguration,
      runKey: runKey, context: context, lastCommitted: lastCommitted, drops: drops,
      tampers: tampers, warn: warn)
    parts.privacy = privacy
    return try TrainingSession(parts)
  }

  /// The clients' privacy with its ledger in the run's folder; nil where the run promises nothing.
  ///
  /// - Throws: `ZorBAError` when the ledger cannot be used or the rest of the run would overspend.
  func federationPrivacy(
    folder: RunFolder, done: Int, randomness: ((Int) -> any CryptographicGenerator)? = nil
  ) throws -> FederationPrivacy? {
    try privacy.map {
      try FederationPrivacy(
        $0, names: clients.map(\.name), configuration: configuration, folder: folder.path,
        done: done, randomness: randomness)
    }
  }

  /// A session of the run's method over the run's own weights.
  ///
  /// - Throws: `ZorBAError` when the weights or what an interrupted run left cannot be used.
  func roundSession(
    lastCommitted: Int, folder: RunFolder, options: Simulation.Options,
    privacy: [ClientPrivacy] = [], warn: @escaping (String) -> Void
  ) throws -> any RoundSession {
    guard configuration.method.name.isFirstOrder else {
      return try session(
        lastCommitted: lastCommitted, drops: options.drops, tampers: options.tampers,
        privacy: privacy, warn: warn)
    }
    return try FirstOrderSession(
      .init(
        model: loaded.model, clients: clients, plan: plan, configuration: configuration,
        runKey: runKey, context: context, lastCommitted: lastCommitted, drops: options.drops,
        warn: warn),
      gradients: options.gradients ?? StandardGradients.source, folder: folder.path)
  }

  /// One site with a copy of the base model of its own, training every block it has in the plan,
  /// without the rounds in which it rests; nil when the plan never gives it a block.
  func aloneSession(
    client: Int, gradients: GradientFactory? = nil
  ) throws -> (session: any RoundSession, model: Model)? {
    let rows = plan.cycle.filter { !$0.isResting(client) }.map { [$0.rows[client]] }
    guard !rows.isEmpty else { return nil }
    let capacity = loaded.residency?.capacity ?? 0
    loaded.residency?.releaseAll()
    let fresh = try LoadedModel(
      path: configuration.model, dtype: configuration.precision.dtype, task: configuration.task,
      context: context, budget: loaded.budget,
      adapter: configuration.adapter.map { AdapterOrigin($0, runKey: runKey) })
    // The run's own weights rest meanwhile.
    fresh.residency?.capacity = capacity
    var configuration = configuration
    configuration.federation.participation = 1
    // Nobody is there to compare its answers with.
    configuration.aggregation = AggregationConfiguration()
    // There is nobody to hide among.
    configuration.secureAggregation.mode = .off
    let plan = ActivationPlan(
      cycle: try rows.map { try ActivationMatrix(rows: $0) }, window: plan.window)
    let parts = TrainingSession.Parts(
      model: fresh.model, clients: [clients[client]], plan: plan,
      configuration: configuration, runKey: runKey, context: context)
    let session: any RoundSession =
      configuration.method.name.isFirstOrder
      ? try FirstOrderSession(parts, gradients: gradients ?? StandardGradients.source)
      : try TrainingSession(parts)
    return (session, fresh.model)
  }

  /// Evaluates rows under the run's weights, or another model of the same shape.
  ///
  /// Under differential privacy nothing is told of segments, as by a site.
  func evaluate(_ rows: Dataset, model: Model? = nil) throws -> Evaluation {
    let scorer = ExampleScorer(
      model: model ?? loaded.model, tokenBranchLimit: memory.evaluationTokenLimit)
    return try Evaluator(scorer: scorer, fairness: configuration.toldFairness).evaluate(rows) {
      observer(.evaluating(done: $0, total: $1))
    }
  }
}
