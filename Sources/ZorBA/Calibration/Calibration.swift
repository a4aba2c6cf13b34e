import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAModels
import ZorBAPlanning
package import ZorBATensor

/// Measures what the steps of a model cost here, and fits what predicts them.
///
/// The weights are copies, in a file without a name for the part about memory and in memory for the
/// part about time; the model's folder is only read.
package struct Calibration {
  /// The step to calibrate for.
  package struct Options: Sendable {
    /// Sequences of a minibatch.
    package var batch = 16
    /// Tokens of a sequence.
    package var sequence = 64
    /// P.
    package var directions = 1
    package var perturbation = PerturbationDistribution.gaussian
    /// Whether what lies outside the transformer blocks is trained too.
    package var outer = false
    package var predictions = Predictions.all
    /// How weights are stored.
    package var precision = WeightPrecision.asCheckpoint
    /// Seconds that timed steps may take together. Each kind of step is taken once in any case.
    package var seconds = 20.0
    /// Where the file of weights lies; a folder in memory saves none.
    package var folder = "/var/tmp"
    package var seed: UInt64 = 1

    package init() {}
  }

  /// Where predictions are asked for.
  package enum Predictions: String, Sendable, CaseIterable {
    /// After every token, as for language modelling.
    case all
    /// After the last token of every sequence, as for classification.
    case label
  }

  /// A prediction beside what was measured.
  package struct Comparison: Sendable, Equatable {
    /// The active blocks, and what else distinguishes the step.
    package var name: String
    /// Whether the model was fitted without it.
    package var isHeldOut: Bool
    package var predicted: Double
    package var measured: Double

    package init(name: String, isHeldOut: Bool, predicted: Double, measured: Double) {
      self.name = name
      self.isHeldOut = isHeldOut
      self.predicted = predicted
      self.measured = measured
    }

    /// (predicted - measured) / measured.
    package var error: Double { FitError.relative(predicted: predicted, measured: measured) }
  }

  /// What came of it.
  package struct Outcome: Sendable {
    package var calibration: SiteCalibration
    /// Seconds of steps.
    package var time: [Comparison]
    /// Resident bytes at the peak; empty where the system does not tell.
    package var memory: [Comparison]
    /// How often each kind of step was timed, at least.
    package var repeats: Int

    /// Comparisons of held-out steps that are off by more than the project allows.
    package var defects: [Comparison] {
      (time + memory).filter { $0.isHeldOut && $0.error.magnitude > FitError.tolerance }
    }
  }

  private let path: String
  private let context: ComputeContext
  private let options: Options

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the options are impossible.
  package init(path: String, context: ComputeContext, options: Options = Options()) throws {
    self.path = path
    self.context = context
    self.options = options
    func require(_ value: Int, in range: ClosedRange<Int>, _ field: String) throws {
      guard range.contains(value) else {
        throw ZorBAError(
          .invalidConfiguration, "\(value) is not possible", at: .init(field: field),
          advice: "Use \(range.lowerBound) to \(range.upperBound).")
      }
    }
    try require(options.batch, in: 1...4096, "batch")
    try require(options.sequence, in: 1...1 << 16, "seq")
    try require(options.directions, in: 1...1024, "directions")
    guard options.seconds >= 0, options.seconds <= 86_400 else {
      throw ZorBAError(
        .invalidConfiguration, "\(options.seconds) is not possible", at: .init(field: "seconds"),
        advice: "Use 0 to 86400.")
    }
  }

  /// Measures and fits.
  ///
  /// - Parameters:
  ///   - progress: Told how many of about how many steps were taken.
  ///   - isInterrupted: Asked between steps; true ends the calibration.
  /// - Throws: `ZorBAError` when the model cannot be used or memory is exhausted; with code
  ///   `interrupted` when it was ended early, which leaves nothing behind.
  package func run(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    isInterrupted: () -> Bool = { false }
  ) throws -> Outcome {
    // Memory first: what the part about time leaves behind would be counted as the process's own.
    let memory = try MemoryCalibration(
      path: path, context: context, options: options
    ).run(isInterrupted: isInterrupted)
    let working = try WorkingModel(path: path, dtype: options.precision.dtype, context: context)
    let time = try TimeCalibration(
      model: working.model, context: context, options: options
    ).run(progress: progress, isInterrupted: isInterrupted)
    let configuration = working.model.configuration
    let parameters = working.model.parameters
    let calibration = SiteCalibration(
      machine: SiteCalibration.Machine(context: context),
      subject: .init(
        name: path.split(separator: "/").last.map(String.init) ?? path,
        family: configuration.family.rawValue,
        dtype: parameters.blocks[1].first?.tensor.dtype ?? .float32,
        parameters: parameters.blocks.indices.map { parameters.elementCount(block: $0) }),
      settings: .init(
        batch: options.batch, sequence: options.sequence, directions: options.directions,
        perturbation: options.perturbation, outer: options.outer),
      work: time.work, time: time.model, memory: memory.model,
      timeError: Self.heldOut(time.comparisons), memoryError: Self.heldOut(memory.comparisons))
    return Outcome(
      calibration: calibration, time: time.comparisons, memory: memory.comparisons,
      repeats: time.repeats)
  }

  private static func heldOut(_ comparisons: [Comparison]) -> FitError? {
    FitError(
      comparisons.filter(\.isHeldOut).map { (predicted: $0.predicted, measured: $0.measured) })
  }

  static func checkInterruption(_ isInterrupted: () -> Bool) throws {
    guard isInterrupted() else { return }
    throw ZorBAError(
      .interrupted, "the calibration was ended before it was done",
      advice: "Run it again; nothing of it was kept.")
  }

  /// Checks that a sequence fits the model.
  static func check(_ options: Options, fits model: Model) throws {
    let longest = model.configuration.maximumPositions
    guard options.sequence <= longest else {
      throw ZorBAError(
        .invalidConfiguration, "\(options.sequence) tokens are too many",
        at: .init(field: "seq"), advice: "The model takes 1 to \(longest) tokens.")
    }
  }
}
