import ZorBA
import ZorBAData
import ZorBADiagnostics
import ZorBAModels
import ZorBAOptimization
package import ZorBATensor

/// Times whole training steps on random tokens: both sides of every direction, then the update.
package struct StepMeasurement: Sendable {
  /// What a step consists of.
  package struct Options: Sendable {
    /// Sequences of a batch.
    package var batch = 16
    /// Tokens of a sequence.
    package var sequence = 64
    package var blocks = BlockSelection.all
    /// Whether block 0 takes part; nil as `BlockSelection` says.
    package var outer: Bool?
    package var directions = 1
    package var distribution = PerturbationDistribution.gaussian
    package var logits = Logits.all
    /// Timed steps, after one that is not.
    package var steps = 5
    package var seed: UInt64 = 1
    /// Measure the same rows without perturbations, and without an update: one pass over the batch
    /// repeated once a branch. The difference is what perturbing costs.
    package var isUnperturbed = false

    package init() {}
  }

  /// Where predictions are asked for.
  package enum Logits: String, Sendable, CaseIterable {
    /// After every token, as for language modelling.
    case all
    /// After the last token of every sequence, as for classification.
    case label
  }

  private let subject: BenchModel
  private let options: Options
  private let active: [Int]
  private let rounds: SyntheticRounds

  private static let perturbationScale: Float = 1e-3
  private static let candidates = 2

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the options are impossible or do
  ///   not fit the model.
  package init(_ subject: BenchModel, options: Options) throws {
    let configuration = subject.model.configuration
    try OptionCheck.require(options.batch, in: 1...1 << 16, option: "--batch")
    try OptionCheck.require(
      options.sequence, in: 1...configuration.maximumPositions, option: "--seq",
      advice: "The model takes 1 to \(configuration.maximumPositions) tokens.")
    try OptionCheck.require(options.directions, in: 1...4096, option: "--directions")
    try OptionCheck.require(options.steps, in: 1...1_000_000, option: "--steps")
    let rows = options.batch * options.sequence * 2 * options.directions
    guard rows <= 1 << 24 else {
      throw ZorBAError(
        .invalidConfiguration, "a step would have \(rows) rows", at: .init(field: "--batch"),
        advice: "Keep batch x seq x 2 x directions at 16777216 or below.")
    }
    self.subject = subject
    self.options = options
    active = try options.blocks.blocks(
      transformerBlocks: configuration.layerCount, outer: options.outer)
    rounds = SyntheticRounds(
      seed: options.seed, distribution: options.distribution, directions: options.directions,
      blocks: active)
  }

  /// Runs the steps.
  ///
  /// - Parameter progress: Told after every timed step.
  /// - Throws: `ZorBAError` when memory is exhausted.
  package func run(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> StepResult {
    let updater = WeightUpdater(
      parameters: subject.model.parameters, schedule: rounds.schedule, context: subject.context)
    let predicted = try subject.allot(
      activations: subject.model.activationBytes(for: request(round: 1), plan: plan(round: 1)),
      active: options.isUnperturbed ? [] : Set(active))
    // The peak while weights were read is not the steps'.
    ProcessMemory.resetPeak()
    var steps: [Double] = []
    var forwards: [Double] = []
    var updates: [Double] = []
    var loss = 0.0
    for number in 0...options.steps {
      let round = UInt64(number + 1)
      let request = request(round: round)
      let plan = plan(round: round)
      let committed = try rounds.round(round)
      let forward = try seconds {
        let scores = try subject.model.score(request, plan: plan)
        loss = meanLoss(scores, of: request)
      }
      let update = options.isUnperturbed ? 0 : try seconds { try updater.apply(committed) }
      // The first step pays for memory and threads that later ones find ready.
      if number == 0 { continue }
      forwards.append(forward)
      updates.append(update)
      steps.append(forward + update)
      progress(number, options.steps)
    }
    let forward = Spread(forwards).median
    let memory = ProcessMemory.current()
    return StepResult(
      step: Spread(steps), forward: forward, update: Spread(updates).median,
      privateBytes: memory.privateBytes, peakBytes: memory.peakBytes,
      weightsBytes: subject.weightsByteCount, predictedBytes: predicted,
      gflops: operations / forward / 1e9, instructionSet: subject.context.instructionSet,
      threads: subject.context.team.threadCount, tokens: options.batch * options.sequence,
      parameters: subject.parameterCount(), loss: loss)
  }

  private var branchCount: Int { 2 * options.directions }

  /// Operations of one step's forward passes.
  package var operations: Double {
    OperationCount(
      configuration: subject.model.configuration, sequence: options.sequence,
      sequences: options.batch * (options.isUnperturbed ? branchCount : 1),
      wanted: options.logits == .all ? options.sequence : 1,
      active: options.isUnperturbed ? [] : Set(active), branches: branchCount
    ).total
  }

  private func plan(round: UInt64) -> PerturbationPlan? {
    guard !options.isUnperturbed else { return nil }
    return PerturbationPlan(
      directions: rounds.schedule.directions(
        round: round, step: 0, count: options.directions, client: 0),
      scale: Self.perturbationScale, active: Set(active))
  }

  /// A batch of random tokens, other ones every round.
  private func request(round: UInt64) -> ScoringRequest {
    var random = RandomGenerator(seed: options.seed, round)
    let vocabulary = subject.model.configuration.vocabularySize
    func draw(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32(random.below(vocabulary)) } }
    var sequences = (0..<options.batch).map { _ in draw(options.sequence) }
    var queries: [ScoringRequest.Query] = []
    for sequence in sequences.indices {
      switch options.logits {
      case .all:
        for position in 0..<options.sequence {
          let next = position + 1 < options.sequence ? [sequences[sequence][position + 1]] : draw(1)
          queries.append(.init(sequence: sequence, position: position, targets: next))
        }
      case .label:
        queries.append(
          .init(
            sequence: sequence, position: options.sequence - 1, targets: draw(Self.candidates)))
      }
    }
    if options.isUnperturbed {
      let (batch, asked) = (sequences, queries)
      for copy in 1..<branchCount {
        sequences += batch
        queries += asked.map { query in
          var query = query
          query.sequence += copy * batch.count
          return query
        }
      }
    }
    return ScoringRequest(sequences: sequences, queries: queries)
  }

  /// Negative log-probability of the first target, over all queries and branches.
  private func meanLoss(_ scores: ScoringResult, of request: ScoringRequest) -> Double {
    var sum = 0.0
    for branch in 0..<scores.branchCount {
      for query in request.queries.indices { sum -= scores[branch, query].first ?? 0 }
    }
    return sum / Double(scores.branchCount * max(1, request.queries.count))
  }
}
