import ZorBADiagnostics
import ZorBAFederation
import ZorBAPlanning

/// What can be known of gradients without weights: the prior, files, and what the run's own rounds
/// showed.
struct SensitivityKnowledge {
  let configuration: RunConfiguration
  /// Parameters of each block, the outer one first. [1 + transformer blocks]
  let parameters: [Int]
  /// The clients, in order.
  let clients: [SiteProfile]

  /// From the sizes of the blocks alone.
  var prior: BlockSensitivity {
    SensitivityPrior().sensitivity(
      parameters: Array(parameters.dropFirst()),
      batchSizes: clients.map { min(configuration.batch.size, $0.examples) })
  }

  /// From a file of sensitivities.
  func file(_ path: String) throws -> BlockSensitivity {
    try .read(path: path, names: clients.map(\.name), blocks: parameters.count - 1)
  }

  /// What the rounds say, as far as it can be trusted; the rest is what was known before them.
  ///
  /// - Parameter initial: What was known before the first round.
  func refreshed(
    _ history: [RoundMetrics], _ timeline: ActivationTimeline,
    initial: () throws -> BlockSensitivity
  ) throws -> BlockSensitivity {
    var learner = SensitivityLearner(
      parameters: parameters, clients: clients, configuration: configuration,
      measured: configuration.blocks.sensitivity == .prior ? nil : try initial())
    for metrics in history {
      learner.add(metrics, matrix: timeline.plan(round: metrics.round).matrix(round: metrics.round))
    }
    return try learner.estimate()?.tempered() ?? initial()
  }
}
