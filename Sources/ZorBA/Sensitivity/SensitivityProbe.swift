import ZorBAData
import ZorBADiagnostics
package import ZorBAModels
package import ZorBAOptimization
import ZorBAPlanning

/// Measures how every transformer block of a model responds at every client, moving one at a time.
///
/// Each direction takes a fresh minibatch at every client and evaluates it on both sides for each
/// block alone. Nothing of a run is disturbed: directions come from a key of their own, minibatches
/// from places of the client's sampler that training never reaches, and weights do not move.
///
/// A 20 % error of G_b needs 25 (1 + (1 + rho)^2) directions at most, 50 where data noise is small;
/// rounds with rotating blocks give the same for nothing, slowly (`SensitivityLearner`), so a probe is for the
/// start.
package struct SensitivityProbe {
  /// Directions a block, from 2 to 2^20.
  package var directions: Int
  /// Tells probes of one run apart, so that each has directions and minibatches of its own.
  package var number: UInt16

  private let scorer: ExampleScorer
  private let clients: [FederationClient]
  private let method: MethodConfiguration
  private let runKey: RunKey

  /// Minibatch 2^36 is far beyond the rounds that any run reaches; a probe has 2^20 from there on.
  private static let firstBatch = 1 << 36

  /// - Parameters:
  ///   - clients: At least one, each with minibatches of two examples or more if anything but noise is
  ///     to be told apart.
  ///   - method: Its scale, distribution, directions and local steps are used.
  package init(
    model: Model, clients: [FederationClient], method: MethodConfiguration, runKey: RunKey,
    directions: Int = 50, number: UInt16 = 0
  ) {
    precondition(!clients.isEmpty && directions > 1 && directions <= 1 << 20)
    scorer = ExampleScorer(model: model)
    self.clients = clients
    self.method = method
    self.runKey = runKey
    self.directions = directions
    self.number = number
  }

  /// Runs the probe.
  ///
  /// - Parameter progress: Told of minibatches done and to do.
  /// - Throws: `ZorBAError` when a client's minibatches have no halves, an example does not fit the
  ///   model, or a loss is not finite.
  package func measure(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> MeasuredSensitivity {
    let clock = ContinuousClock()
    let start = clock.now
    let blocks = scorer.model.configuration.layerCount
    let schedule = DirectionSchedule(
      runKey: RunKey(seed: RunStream.probes.seed(runKey: runKey, index: UInt64(number))),
      seeding: .shared, distribution: method.perturbation)
    // [blocks][directions][clients]
    var scalars: [[[HalvedScalar]]] = Array(
      repeating: Array(repeating: [], count: directions), count: blocks)
    // Shares of the data, summed over directions. [clients]
    var shares = Array(repeating: 0.0, count: clients.count)
    for direction in 0..<directions {
      let side = schedule.direction(round: UInt64(direction) + 1, step: 0, index: 0, client: 0)
      for (index, client) in clients.enumerated() {
        let batch = client.sampler.batch(round: place(direction)).map { client.examples[$0] }
        shares[index] += Double(batch.count) / Double(client.examples.count)
        for block in 0..<blocks {
          let plan = PerturbationPlan(
            directions: [side], scale: Float(method.mu), active: [block + 1])
          let losses = MinibatchLosses(try scorer.outcomes(of: batch, plan: plan))
          scalars[block][direction].append(try scalar(losses, client: client, block: block))
        }
        progress(direction * clients.count + index + 1, directions * clients.count)
      }
    }
    let estimator = ProbeEstimator(
      weights: clients.map(\.weight), sampledShares: shares.map { $0 / Double(directions) })
    let found = scalars.map(estimator.estimate)
    return MeasuredSensitivity(
      clients: clients.map(\.name), estimate: BlockSensitivity(found),
      intervals: SensitivityIntervals(found), directions: directions,
      seconds: (clock.now - start) / .seconds(1), roundsEquivalent: roundsEquivalent)
  }

  /// Rounds of all clients with all blocks that pass as many minibatches through as many blocks.
  ///
  /// A block probed alone costs one pass below it and two from it on; a round two for each direction
  /// and local step. Embeddings and head are left out on both sides.
  package var roundsEquivalent: Double {
    let blocks = Double(scorer.model.configuration.layerCount)
    let passes = (0..<scorer.model.configuration.layerCount).reduce(0.0) {
      $0 + 2 - Double($1) / blocks
    }
    return Double(directions) * passes / Double(2 * method.directions * method.localSteps)
  }

  /// The place of a direction's minibatch in the clients' samplers.
  private func place(_ direction: Int) -> Int {
    Self.firstBatch + (Int(number) << 20) + direction
  }

  private func scalar(
    _ losses: MinibatchLosses, client: FederationClient, block: Int
  ) throws -> HalvedScalar {
    let estimator = TwoSidedEstimator(perturbationScale: method.mu)
    guard let whole = losses.whole.first, estimator.scalar(whole).isFinite else {
      throw ZorBAError(
        .diverged, "the loss of \(client.name) is not finite around block \(block)",
        advice: "Check the model and the client's data; a lower method.mu may help.")
    }
    guard let halves = losses.halves?.first else {
      throw ZorBAError(
        .invalidConfiguration,
        "\(client.name) has minibatches that cannot be halved, so its data noise cannot be measured",
        at: .init(field: "batch.size"),
        advice: "Use a batch size of at least 2, and give every client at least two examples.")
    }
    return HalvedScalar(
      whole: estimator.scalar(whole), first: estimator.scalar(halves.first),
      second: estimator.scalar(halves.second))
  }
}
