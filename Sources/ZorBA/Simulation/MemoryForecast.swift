import ZorBACheckpoint
import ZorBAData
import ZorBAFederation
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// What a run will take of memory, reckoned before its first round.
///
/// Without a budget: what the process holds already, the weights among it, the activations of the
/// most demanding pass, and the snapshot of local steps. With one, the weights and the snapshot lie in
/// files; of them counts what the policy keeps resident beside the block that passes through.
struct MemoryForecast {
  /// Resident memory at its peak, in bytes.
  let peakBytes: Int
  /// Tokens times branches of one pass of an evaluation.
  let evaluationTokenLimit: Int
  /// The forecast as a line to show before the run.
  let summary: String

  /// Reckons, and allots the weights their share of the budget.
  ///
  /// - Parameter evaluated: The rows of each evaluation.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the budget is too small.
  init(
    _ configuration: RunConfiguration, loaded: LoadedModel, clients: [FederationClient],
    plan: ActivationPlan, evaluated: [Dataset]
  ) throws {
    let training = try Self.trainingPass(configuration, loaded: loaded, clients: clients).bytes
    let residency = loaded.residency
    var memory = MemoryModel(
      of: loaded.model, weightsBytes: loaded.weights.byteCount, activationBytes: training,
      hasSnapshot: configuration.method.localSteps > 1
        && !configuration.method.name.isFirstOrder)
    memory.scratchBytes += FirstOrderMemory.byteCount(
      configuration, parameters: loaded.model.trainable)
    var scorer = ExampleScorer(model: loaded.model)
    if let budget = loaded.budget, let residency {
      let share = budget.activationShare(
        beside: memory.processBytes + memory.scratchBytes + residency.leastCapacity)
      for rows in evaluated {
        scorer = try scorer.limited(to: max(training, share), for: rows.examples)
      }
    }
    evaluationTokenLimit = scorer.tokenBranchLimit
    memory.activationBytes = try evaluated.reduce(training) {
      max($0, try scorer.peakActivationBytes(of: $1.examples))
    }
    if let budget = loaded.budget, let residency {
      try budget.allot(residency, besides: memory.besides)
    }
    let active = Self.activeSets(plan, outer: configuration.blocks.outer)
    let capacity = residency?.capacity
    peakBytes = active.map { memory.peakBytes(active: $0, capacity: capacity) }.max() ?? 0
    let expected = "memory: \(peakBytes >> 20) MiB expected"
    if let budget = loaded.budget, let residency {
      let resident = active.map {
        residency.policy(active: $0, capacity: residency.capacity).resident.count
      }
      summary =
        expected + " of \(budget.byteCount >> 20) MiB allowed, \(resident.min() ?? 0) of "
        + "\(residency.demands.count) blocks resident\n"
    } else {
      summary = expected + "\n"
    }
  }

  /// Activations of the most demanding minibatch that these clients can draw, and its tokens without
  /// branches.
  static func trainingPass(
    _ configuration: RunConfiguration, loaded: LoadedModel, clients: [FederationClient]
  ) throws -> (bytes: Int, tokens: Int) {
    let method = configuration.method
    if method.name.isFirstOrder {
      return try FirstOrderMemory.trainingPass(configuration, loaded: loaded, clients: clients)
    }
    let longest = clients.flatMap(\.examples).sorted { $0.tokenCount > $1.tokenCount }
    let batch = Array(longest.prefix(configuration.batch.size))
    let plan = PerturbationPlan(
      directions: (0..<method.directions).map {
        Direction(seed: UInt64($0), distribution: method.perturbation)
      },
      scale: Float(method.mu),
      active: Set((configuration.blocks.outer ? 0 : 1)..<loaded.configuration.blockCount))
    return (
      try ExampleScorer(model: loaded.model).peakActivationBytes(of: batch, plan: plan),
      batch.reduce(0) { $0 + $1.tokenCount }
    )
  }

  /// The distinct sets of blocks that clients train at once, or a fair sample of very many.
  private static func activeSets(_ plan: ActivationPlan, outer: Bool) -> Set<Set<Int>> {
    var sets: Set<Set<Int>> = []
    for matrix in plan.cycle {
      for client in 0..<matrix.clientCount where sets.count < 1000 {
        let blocks = matrix.activeBlocks(of: client).map { $0 + 1 }
        sets.insert(Set((outer ? [0] : []) + blocks))
      }
    }
    return sets
  }
}
