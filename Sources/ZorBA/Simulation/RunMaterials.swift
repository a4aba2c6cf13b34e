import ZorBADiagnostics
import ZorBAModels
import ZorBAOptimization
package import ZorBAPlanning
package import ZorBATensor

/// What a run is made of before anybody has decided who trains what: model, task, clients, and what
/// plans are made from.
package struct RunMaterials {
  let configuration: RunConfiguration
  let loaded: LoadedModel
  let task: RunTask
  let clients: [FederationClient]
  let runKey: RunKey
  /// How rows are spread, as lines to show.
  let dataSummary: String
  /// What makes plans.
  let drawing: PlanDrawing
  /// What is known of gradients and costs.
  let estimates: RunEstimates

  /// Loads, encodes and partitions.
  ///
  /// - Parameter given: What plans are made from instead of the run's own estimates.
  /// - Throws: `ZorBAError` naming whatever cannot be used.
  init(
    _ configuration: RunConfiguration, context: ComputeContext,
    given: ((PlanShape) -> PlanEstimates)?, observer: @escaping (RunEvent) -> Void
  ) throws {
    try configuration.validate()
    try configuration.validateData()
    let runKey = RunKey(seed: configuration.seed)
    self.runKey = runKey
    loaded = try LoadedModel(
      path: configuration.model, dtype: configuration.precision.dtype, task: configuration.task,
      context: context, budget: MemoryBudget(configuration),
      adapter: configuration.adapter.map { AdapterOrigin($0, runKey: runKey) })
    try loaded.requireTrainableBlocks()
    let configuration = configuration.pinned(by: loaded)
    self.configuration = configuration
    task = try RunTask(
      configuration.task, batch: configuration.batch, labelsFrom: configuration.data.train,
      siteColumn: configuration.federation.siteColumn,
      segmentColumn: configuration.fairness?.segment, loaded: loaded)
    let federated = try FederatedData(configuration, task: task, runKey: runKey)
    clients = federated.clients
    dataSummary = federated.summary
    let pass = try MemoryForecast.trainingPass(configuration, loaded: loaded, clients: clients)
    var shape = PlanShape(
      model: loaded.model, clients: clients,
      activationBytes: pass.bytes + MemoryModel.scratchBytes, tokens: pass.tokens)
    // Nobody tells a coordinator what sites weigh then, so that no plan can follow from it.
    if configuration.secureAggregation.isOn {
      shape.weights = Array(repeating: 1, count: clients.count)
    }
    estimates = RunEstimates(
      configuration, loaded: loaded, clients: clients, runKey: runKey, observer: observer)
    drawing = PlanDrawing(
      configuration, shape: shape, runKey: runKey,
      estimates: given?(shape) ?? estimates.estimates)
  }
}

extension RunMaterials {
  /// Loads what a run's file names, to plan for it without running it.
  ///
  /// - Throws: `ZorBAError` naming whatever cannot be used.
  package init(
    _ configuration: RunConfiguration, context: ComputeContext,
    observer: @escaping (RunEvent) -> Void = { _ in }
  ) throws {
    try self.init(configuration, context: context, given: nil, observer: observer)
  }

  /// What the planner solves for this run. With `sensitivity: probe` this is when blocks are probed.
  ///
  /// - Throws: `ZorBAError` naming what does not fit.
  package func problem() throws -> PlanningProblem { try drawing.problem() }

  /// The sites, in order.
  package var names: [String] { clients.map(\.name) }

  /// What a probe found, once one was made.
  package var measured: MeasuredSensitivity? { estimates.measured }

  /// Whether seconds of the costs are seconds of a machine.
  package var hasCalibration: Bool { configuration.blocks.calibration != nil }
}
