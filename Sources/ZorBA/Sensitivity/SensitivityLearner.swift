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
  ///   - parameters: Parameters of each block, the outer one first. [1 + transformer blocks]
  ///   - clients: The clients of the run, in order.
  ///   - prior: What to assume before the first round.
  ///   - measured: What a probe found of the transformer blocks, in place of the prior. Numbers below a
  ///     twentieth of their mean over blocks count as that much: the least squares weigh by them.
  ///   - memory: Rounds after which one weighs 1/e of a new one.
  package init(
    parameters: [Int], clients: [SiteProfile], configuration: RunConfiguration,
    prior: SensitivityPrior = SensitivityPrior(), measured: BlockSensitivity? = nil,
    memory: Double = 1000
  ) {
    let blocks = parameters.count - 1
    precondition(
      measured.map { $0.blockCount == blocks && $0.clientCount == clients.count } ?? true)
    self.blocks = blocks
    trainsOuter = configuration.blocks.outer
    steps = configuration.method.localSteps
    places = Dictionary(
      clients.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { $1 })
    rows = clients.map(\.examples)
    let batches = clients.map { min(configuration.batch.size, $0.examples) }
    let outer = trainsOuter ? [parameters[0]] : []
    var assumed = prior.sensitivity(
      parameters: Array(parameters.dropFirst()) + outer, batchSizes: batches)
    if let measured { assumed.replaceFirst(blocks, by: measured) }
    estimator = RoundEstimator(
      prior: assumed, weights: clients.map(\.weight),
      seeding: configuration.method.seeding == .shared ? .shared : .perClient, memory: memory)
  }

  /// As `init(parameters:clients:configuration:prior:measured:memory:)`, of a model and clients that
  /// are here.
  package init(
    model: Model, clients: [FederationClient], configuration: RunConfiguration,
    prior: SensitivityPrior = SensitivityPrior(), measured: BlockSensitivity? = nil,
    memory: Double = 1000
  ) {
    self.init(
      parameters: model.trainable.blocks.indices.map { model.trainable.elementCount(block: $0) },
      clients: clients.map(SiteProfile.init), configuration: configuration, prior: prior,
      measured: measured, memory: memory)
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

extension BlockSensitivity {
  /// Puts a measurement in the place of the first blocks, in the unit these had.
  fileprivate mutating func replaceFirst(_ count: Int, by measured: BlockSensitivity) {
    let unit = Self.ratio(
      gradientEnergy.prefix(count).reduce(0, +), measured.gradientEnergy.reduce(0, +))
    func replace(_ values: inout [Double], by measured: [Double]) {
      let least = measured.reduce(0, +) / Double(count) / 20
      // All zeros say that it is small, not how small.
      guard least > 0 else { return }
      for block in 0..<count { values[block] = unit * max(least, measured[block]) }
    }
    replace(&gradientEnergy, by: measured.gradientEnergy)
    replace(&clientSpread, by: measured.clientSpread)
    for client in sampleNoise.indices {
      replace(&sampleNoise[client], by: measured.sampleNoise[client])
    }
  }

  private static func ratio(_ own: Double, _ measured: Double) -> Double {
    measured > 0 && (own / measured).isFinite ? own / measured : 1
  }
}
