import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// A configuration with everything it names loaded, encoded, partitioned and checked.
struct PreparedRun {
  let configuration: RunConfiguration
  let context: ComputeContext
  let loaded: LoadedModel
  let task: RunTask
  let clients: [FederationClient]
  let plan: ActivationPlan
  let runKey: RunKey
  /// The base model's digest, taken before anything moved.
  let base: StateDigest
  /// What is evaluated before and after: the test file, else the validation file.
  let finalRows: Dataset?
  /// What is evaluated during the run.
  let periodicRows: Dataset?
  /// The memory that the run will take.
  let memory: MemoryForecast
  let observer: (RunEvent) -> Void

  /// - Throws: `ZorBAError` naming whatever cannot be used.
  init(
    _ configuration: RunConfiguration, context: ComputeContext,
    observer: @escaping (RunEvent) -> Void
  ) throws {
    try configuration.validate()
    self.configuration = configuration
    self.context = context
    self.observer = observer
    runKey = RunKey(seed: configuration.seed)
    loaded = try LoadedModel(
      path: configuration.model, dtype: configuration.precision.dtype, context: context,
      budget: MemoryBudget(configuration))
    let task = try RunTask(
      configuration.task, batch: configuration.batch, labelsFrom: configuration.data.train,
      siteColumn: configuration.federation.siteColumn, loaded: loaded)
    self.task = task
    let federated = try FederatedData(configuration, task: task, runKey: runKey)
    clients = federated.clients
    plan = try PlanDrawing.plan(
      configuration, clients: clients.count, blocks: loaded.configuration.layerCount,
      runKey: runKey)
    base = StateDigest(of: loaded.model.parameters, context: context)
    let evaluate = configuration.evaluate
    let test = try configuration.data.test.map { try task.rows(at: $0, limit: evaluate.limit) }
    let validation = try configuration.data.validation.map {
      try task.rows(at: $0, limit: evaluate.limit)
    }
    finalRows = test ?? validation
    periodicRows = evaluate.split == .test ? test : validation ?? test
    memory = try MemoryForecast(
      configuration, loaded: loaded, clients: clients, plan: plan,
      evaluated: [finalRows, periodicRows].compactMap { $0 })
    observer(.prepared(summary: federated.summary + "\n" + memory.summary))
  }

  /// The header of this run's journal.
  var journalHeader: JournalHeader {
    JournalHeader(
      schedule: DirectionSchedule(
        runKey: runKey, seeding: configuration.method.seeding,
        distribution: configuration.method.perturbation),
      base: base,
      model: ModelFingerprint(
        family: loaded.configuration.family.rawValue, parameters: loaded.model.parameters),
      configuration: configuration.journaled)
  }

  /// The plan as the journal keeps it.
  var journaledPlan: PlanRecord { PlanRecord(plan, outer: configuration.blocks.outer) }

  /// A session over the run's own weights.
  func session(lastCommitted: Int, warn: @escaping (String) -> Void) throws -> TrainingSession {
    try TrainingSession(
      .init(
        model: loaded.model, clients: clients, plan: plan, configuration: configuration,
        runKey: runKey, context: context, lastCommitted: lastCommitted, warn: warn))
  }

  /// One site with a copy of the base model of its own, training every block it has in the plan,
  /// without the rounds in which it rests; nil when the plan never gives it a block.
  func aloneSession(client: Int) throws -> (session: TrainingSession, model: Model)? {
    let rows = plan.cycle.filter { !$0.isResting(client) }.map { [$0.rows[client]] }
    guard !rows.isEmpty else { return nil }
    let capacity = loaded.residency?.capacity ?? 0
    loaded.residency?.releaseAll()
    let fresh = try LoadedModel(
      path: configuration.model, dtype: configuration.precision.dtype, context: context,
      budget: loaded.budget)
    // The run's own weights rest meanwhile.
    fresh.residency?.capacity = capacity
    var configuration = configuration
    configuration.federation.participation = 1
    let plan = ActivationPlan(
      cycle: try rows.map { try ActivationMatrix(rows: $0) }, window: plan.window)
    let session = try TrainingSession(
      .init(
        model: fresh.model, clients: [clients[client]], plan: plan,
        configuration: configuration, runKey: runKey, context: context))
    return (session, fresh.model)
  }

  /// Evaluates rows under the run's weights, or another model of the same shape.
  func evaluate(_ rows: Dataset, model: Model? = nil) throws -> Evaluation {
    let scorer = ExampleScorer(
      model: model ?? loaded.model, tokenBranchLimit: memory.evaluationTokenLimit)
    return try Evaluator(scorer: scorer).evaluate(rows) {
      observer(.evaluating(done: $0, total: $1))
    }
  }
}
