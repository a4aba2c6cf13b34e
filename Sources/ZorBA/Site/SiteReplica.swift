import ZorBACheckpoint
import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
package import ZorBAJournal
import ZorBAModels
package import ZorBAOptimization
package import ZorBATensor

/// One site's copy of the model of a run, with the site's data: what answers the coordinator.
///
/// Its weights are those of every other replica, bit for bit, and its answers those of the same client
/// in a simulation on the same kind of processor. It owns the weights: one caller at a time.
package final class SiteReplica {
  /// What the site is called, and how it counts.
  package let name: String
  /// From 1.
  package let number: Int
  /// Training examples: the site's weight.
  package var examples: Int { client.examples.count }
  /// The round that the weights stand at; 0 is the base model.
  package var lastRound: Int { weights.lastRound }
  /// Resident bytes of the process at their peak.
  package var peakMemory: Int { ProcessMemory.current().peakBytes }
  /// What the replica was made for; its files are the site's own.
  package let configuration: RunConfiguration

  let client: FederationClient
  let weights: ReplicaWeights
  let terms: RoundTerms
  /// What trains in runs of first-order methods; nil in others.
  let training: SiteTraining?
  /// What makes answers private; nil in runs that promise nothing.
  let privacy: ClientPrivacy?
  private let scorer: ExampleScorer
  private let evaluated: [EvaluationConfiguration.Split: Dataset]
  private let evaluationTokenLimit: Int

  /// Loads the model and the site's rows.
  ///
  /// - Parameters:
  ///   - header: The run, as the coordinator's journal describes it.
  ///   - configuration: The header's configuration with the site's own model, one training file, its
  ///     validation and test files where it has any, its limit of memory, and as `out` a folder for
  ///     the file that weights lie in under such a limit.
  ///   - siteNumber: The site's number in the run, from 1.
  ///   - origin: Where the weights come from.
  ///   - context: Where to compute.
  ///   - gradients: Where first-order methods take gradients from; nil takes the model's backward pass.
  ///   - privacy: What the site counts differential privacy with.
  /// - Throws: `ZorBAError` with code `refused` when the run would overspend what the site may give;
  ///   with code `invalidModel` when the model is not the run's base model at the
  ///   run's precision, or not what the snapshot is said to be, naming the first block that differs;
  ///   otherwise naming whatever cannot be used.
  package init(
    header: JournalHeader, configuration: RunConfiguration, siteNumber: Int,
    origin: WeightOrigin = .base, context: ComputeContext, gradients: GradientFactory? = nil,
    privacy: SitePrivacy? = nil
  ) throws {
    let sites = configuration.federation.sites
    guard sites.indices.contains(siteNumber - 1) else {
      throw ZorBAError(
        .invalidConfiguration, "there is no site \(siteNumber) among \(sites.count)",
        at: .init(field: "federation.sites"), advice: "Use a run that lists this site.")
    }
    guard configuration.data.train.count == 1 else {
      throw ZorBAError(
        .invalidConfiguration,
        "\(configuration.data.train.count) training files are listed; a site has one",
        at: .init(field: "data.train"), advice: "Join the files, or name one of them.")
    }
    try configuration.validate()
    self.configuration = configuration
    name = sites[siteNumber - 1]
    number = siteNumber
    terms = try RoundTerms(configuration)
    weights = try ReplicaWeights(
      origin, of: header, configuration: configuration, context: context)
    let loaded = weights.loaded
    let task = try RunTask(
      configuration.task, batch: configuration.batch, labelsFrom: configuration.data.train,
      segmentColumn: configuration.fairness?.segment, loaded: loaded)
    client = FederationClient(
      name, number: number,
      examples: try task.rows(ofClients: configuration.data.train).dataset.examples,
      configuration: configuration, runKey: header.schedule.runKey)
    self.privacy = try SitePrivacy.client(
      privacy, configuration, header: header, examples: client.examples.count)
    // All of the rows, whatever `evaluate.limit` says: of two runs whose limits differ by one, the
    // figures would differ by those of one row.
    evaluated = try [
      .validation: configuration.data.validation, .test: configuration.data.test,
    ].compactMapValues { try $0.map { try task.rows(at: $0) } }
    // Whatever plan comes, it asks for no more than this.
    let everything = ActivationPlan(
      fixed: try .full(clients: 1, blocks: loaded.configuration.layerCount))
    evaluationTokenLimit = try MemoryForecast(
      configuration, loaded: loaded, clients: [client], plan: everything,
      evaluated: Array(evaluated.values)
    ).evaluationTokenLimit
    scorer = ExampleScorer(model: loaded.model)
    training =
      configuration.method.name.isFirstOrder
      ? try SiteTraining(
        loaded, configuration: configuration, runKey: header.schedule.runKey,
        gradients: gradients ?? StandardGradients.source) : nil
  }

  /// The model over the weights.
  var loaded: LoadedModel { weights.loaded }
}

// MARK: - Answers

extension SiteReplica {
  /// What the site sends back for a round.
  package struct Answer: Sendable, Equatable {
    /// Finite differences, [steps][directions].
    package var scalars: [[Float]]
    /// Those of the halves of every minibatch, step after step, direction after direction; nil for
    /// minibatches without halves.
    package var halves: [RoundMetrics.HalfScalars]?
    /// Examples in all minibatches.
    package var examples: Int
    /// Mean loss over both sides of all directions.
    package var loss: Double
    /// Seconds of arithmetic.
    package var seconds: Double
  }

  /// Evaluates the round's minibatches. Afterwards the weights are as before, whatever happens.
  ///
  /// - Parameters:
  ///   - round: The round after `lastRound`.
  ///   - blocks: Active blocks as `TensorID` counts them, ascending; some of the model's.
  ///   - isCancelled: Asked before every step.
  /// - Throws: `ZorBAError` when the round or the blocks are not the model's next ones, when an example
  ///   does not fit or a local step diverges; `CancellationError` when it was cancelled.
  package func answer(
    round: Int, blocks: [Int], isCancelled: () -> Bool = { false }
  ) throws -> Answer {
    try check(round: round, blocks: blocks)
    let clock = ContinuousClock()
    let start = clock.now
    var time = TimeLedger()
    let method = configuration.method
    let step = ClientStep(
      scorer: scorer, updater: weights.updater,
      estimator: TwoSidedEstimator(perturbationScale: method.mu), directions: method.directions,
      steps: method.localSteps, learningRate: terms.learningRate(round: round), privacy: privacy)
    let answer = try step.answer(
      of: client, number: UInt32(number), round: UInt64(round), blocks: blocks, time: &time,
      isCancelled: isCancelled)
    return Answer(
      scalars: answer.scalars, halves: answer.halves, examples: answer.examples,
      loss: answer.meanLoss,
      // How long it took tells how many examples were drawn.
      seconds: privacy == nil ? (clock.now - start) / .seconds(1) : 0)
  }

  /// Checks that a question is about the model's next round and some of its blocks.
  func check(round: Int, blocks: [Int]) throws {
    guard round == lastRound + 1 else {
      throw ZorBAError(
        .invalidData, "round \(round) was asked for; the weights stand at round \(lastRound)",
        advice: "Bring the weights to the round before it first.")
    }
    let known = loaded.model.trainable.blocks.indices
    guard !blocks.isEmpty, blocks.allSatisfy(known.contains),
      zip(blocks, blocks.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw ZorBAError(
        .invalidData,
        "round \(round): \("\(blocks)".excerpt()) is no ascending list of blocks "
          + "of this model, 0 to \(known.count - 1)")
    }
  }

  /// Measures the model on the site's validation or test rows; nil when it has none.
  ///
  /// - Parameter leastSegment: Rows below which a segment is not told, if the run's minimum is lower;
  ///   nil tells of none. Under differential privacy none is told: their figures carry no noise.
  /// - Throws: `ZorBAError` when a row does not fit the model.
  package func evaluate(
    _ split: EvaluationConfiguration.Split, leastSegment: Int? = nil
  ) throws -> Evaluation? {
    var fairness = configuration.toldFairness
    if let leastSegment {
      fairness?.raiseMinimum(to: leastSegment)
    } else {
      fairness = nil
    }
    return try evaluated[split].map {
      try Evaluator(
        scorer: ExampleScorer(model: loaded.model, tokenBranchLimit: evaluationTokenLimit),
        fairness: fairness
      ).evaluate($0)
    }
  }
}

// MARK: - Weights

extension SiteReplica {
  /// Applies committed rounds, fused into one pass over the weights.
  ///
  /// - Throws: `ZorBAError` with code `invalidData`, before any weight changes, when they do not
  ///   follow the rounds applied so far or are another run's; with code `diverged` when a weight can
  ///   no longer be stored, after which the replica must be made anew.
  package func apply(_ rounds: [CommittedRound]) throws { try weights.apply(rounds) }

  /// Adds the dense rounds of a journal to the replica's weights.
  var denseReplay: DenseReplay {
    DenseReplay(
      begin: DenseReplay(adding: loaded.model.trainable).begin, end: weights.passed)
  }

  /// The digests of some blocks of the model, in their order.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when the model has no such block.
  package func digests(ofBlocks blocks: [Int]) throws -> [Digest128] {
    try weights.digests(ofBlocks: blocks)
  }

  /// The digest of all blocks.
  package var stateDigest: StateDigest { weights.stateDigest }

  /// Checks the weights against a digest that another replica took after the same round.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the first block that differs.
  package func verify(_ checkpoint: DigestCheckpoint) throws { try weights.verify(checkpoint) }
}
