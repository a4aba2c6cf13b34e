package import ZorBAFederation
package import ZorBAModels
import ZorBAOptimization
package import ZorBAPlanning
import ZorBATensor

/// Learns sensitivities from the metrics of a run's own rounds, at no cost.
///
/// It depends on the metrics and the assignments alone, so a resumed run that shows it the recorded
/// rounds again has the same estimates as one that was never interrupted.
///
/// Outer parameters that are trained too add to every scalar. They are one more block that everyone
/// always has active; where all rows have as many blocks they cannot be told apart from these, and
/// the estimate says so.
package struct SensitivityLearner: Sendable {
  package private(set) var estimator: RoundEstimator
  private let blocks: Int
  private let trainsOuter: Bool
  private let steps: Int
  /// Places by name. [clients]
  private let places: [String: Int]
  /// Training rows. [clients]
  private let rows: [Int]

  /// - Parameters:
  ///   - prior: What to assume before the first round.
  ///   - memory: Rounds after which one weighs 1/e of a new one.
  package init(
    model: Model, clients: [FederationClient], configuration: RunConfiguration,
    prior: SensitivityPrior = SensitivityPrior(), memory: Double = 1000
  ) {
    blocks = model.configuration.layerCount
    trainsOuter = configuration.blocks.outer
    steps = configuration.method.localSteps
    places = Dictionary(
      clients.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { $1 })
    rows = clients.map(\.examples.count)
    var parameters = (0..<blocks).map { model.parameters.elementCount(block: $0 + 1) }
    if trainsOuter { parameters.append(model.parameters.elementCount(block: 0)) }
    estimator = RoundEstimator(
      prior: prior.sensitivity(
        parameters: parameters,
        batchSizes: clients.map { min(configuration.batch.size, $0.examples.count) }),
      weights: clients.map(\.weight),
      seeding: configuration.method.seeding == .shared ? .shared : .perClient, memory: memory)
  }

  /// Learns from a committed round.
  ///
  /// - Parameter matrix: The assignment in force in that round.
  package mutating func add(_ metrics: RoundMetrics, matrix: ActivationMatrix) {
    let participants = metrics.clients.compactMap { client -> RoundObservation.Participant? in
      guard let place = places[client.name], matrix.rows.indices.contains(place),
        matrix.blockCount == blocks
      else { return nil }
      let halves = client.halfScalars.flatMap { $0.count == client.scalars.count ? $0 : nil }
      let scalars = client.scalars.enumerated().map { index, scalar in
        HalvedScalar(
          whole: Double(scalar), first: Double(halves?[index].first ?? scalar),
          second: Double(halves?[index].second ?? scalar))
      }
      return RoundObservation.Participant(
        client: place, row: matrix.rows[place] + (trainsOuter ? [true] : []), scalars: scalars,
        hasHalves: halves != nil,
        sampledShare: min(1, Double(client.examples) / Double(steps * rows[place])))
    }
    estimator.add(RoundObservation(participants: participants))
  }

  /// What the rounds say of the transformer blocks; nil before the first.
  package func estimate() -> RoundEstimate? { estimator.estimate()?.prefix(blocks) }
}
