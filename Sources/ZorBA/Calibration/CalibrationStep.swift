import ZorBAData
import ZorBAModels
import ZorBAOptimization
import ZorBAPlanning
import ZorBATensor

/// A step as training takes it, on random tokens: two-sided losses of a minibatch, then the update.
///
/// The committed coefficients are so small that no prediction changes, and alternate in sign.
struct CalibrationStep {
  let model: Model
  let updater: WeightUpdater
  private let scorer: ExampleScorer
  /// The largest minibatch; smaller ones are its beginning. [batch]
  private let examples: [EncodedExample]
  private let seed: UInt64

  init(model: Model, context: ComputeContext, options: Calibration.Options) {
    self.model = model
    seed = options.seed
    scorer = ExampleScorer(model: model)
    updater = WeightUpdater(
      parameters: model.parameters,
      schedule: DirectionSchedule(
        runKey: RunKey(seed: options.seed), seeding: .shared,
        distribution: options.perturbation), context: context)
    var random = RandomGenerator(seed: options.seed, 0)
    examples = (0..<options.batch).map { _ in
      Self.example(options, model: model.configuration, &random)
    }
  }

  private static func example(
    _ options: Calibration.Options, model: ModelConfiguration, _ random: inout RandomGenerator
  ) -> EncodedExample {
    func draw(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32(random.below(model.vocabularySize)) }
    }
    if !model.head.scoresTokens {
      // Such a head has two outputs at least.
      return EncodedExample(
        context: draw(options.sequence), continuations: [[0], [1]], answer: 0, line: 0)
    }
    switch options.predictions {
    case .all:
      // The last target is predicted and never read.
      return EncodedExample(
        context: draw(1), continuations: [draw(options.sequence)], answer: nil, line: 0)
    case .label:
      return EncodedExample(
        context: draw(options.sequence), continuations: [draw(1), draw(1)], answer: 0, line: 0)
    }
  }

  /// What a minibatch of so many sequences computes.
  func work(batch: Int) -> StepWork {
    StepWork(
      model.configuration,
      batch: BatchShape(examples: Array(examples.prefix(batch)), batchSize: batch))
  }

  /// Activations of a step in which everything is active.
  func activationBytes(batch: Int, directions: Int, outer: Bool) throws -> Int {
    let everything = Set((outer ? 0 : 1)..<model.configuration.blockCount)
    return try scorer.peakActivationBytes(
      of: Array(examples.prefix(batch)),
      plan: plan(active: everything, directions: directions, round: 1))
  }

  /// Takes a step and returns its seconds.
  ///
  /// - Parameter round: From 1; other rounds have other directions.
  /// - Throws: `ZorBAError` when memory is exhausted.
  func take(
    _ step: CalibrationDesign.Step, round: UInt64
  ) throws -> (forward: Double, update: Double) {
    let assignment = step.assignment
    let active = Self.active(assignment)
    let plan = plan(active: Set(active), directions: assignment.directions, round: round)
    let values = (0..<assignment.directions).map {
      (Int(truncatingIfNeeded: round) + $0) % 2 == 0 ? Self.coefficient : -Self.coefficient
    }
    let committed = try CommittedRound(
      number: round, learningRate: Double(Self.coefficient), directions: assignment.directions,
      participants: [1], coefficients: .shared(active.map { .init(block: $0, values: values) }))
    var time = TimeLedger()
    let batch = Array(examples.prefix(step.batch))
    try time.measure(\.forward) { _ = try scorer.outcomes(of: batch, plan: plan) }
    try time.measure(\.update) { try updater.apply(committed) }
    return (time.forward, time.update)
  }

  /// Active blocks as `TensorID` counts them, ascending.
  static func active(_ assignment: StepAssignment) -> [Int] {
    (assignment.outer ? [0] : [])
      + assignment.row.indices.filter { assignment.row[$0] }.map { $0 + 1 }
  }

  private func plan(active: Set<Int>, directions: Int, round: UInt64) -> PerturbationPlan {
    PerturbationPlan(
      directions: updater.schedule.directions(
        round: round, step: 0, count: directions, client: 0),
      scale: Self.perturbationScale, active: active)
  }

  private static let perturbationScale: Float = 1e-3
  private static let coefficient: Float = 1e-9
}
