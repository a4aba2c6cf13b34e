import ZorBAData
import ZorBAModels
import ZorBAPlanning
import ZorBATensor

/// The part of a calibration that is about time.
struct TimeCalibration {
  let model: Model
  let context: ComputeContext
  let options: Calibration.Options

  struct Result {
    var model: TimeModel
    /// Of the step that was asked for.
    var work: StepWork
    var comparisons: [Calibration.Comparison]
    var repeats: Int
  }

  /// Times steps round after round, each time in another order, so that what a machine does slowly or
  /// now and then hits all kinds of step alike.
  func run(
    progress: (_ done: Int, _ total: Int) -> Void, isInterrupted: () -> Bool
  ) throws -> Result {
    try Calibration.check(options, fits: model)
    let step = CalibrationStep(model: model, context: context, options: options)
    let kinds = CalibrationDesign(
      blocks: model.configuration.layerCount, batch: options.batch,
      directions: options.directions, outer: options.outer
    ).steps
    var round: UInt64 = 0
    func take(_ kind: CalibrationDesign.Step) throws -> (forward: Double, update: Double) {
      try Calibration.checkInterruption(isInterrupted)
      round += 1
      return try step.take(kind, round: round)
    }
    // The first steps pay for memory and threads that later ones find ready.
    for kind in kinds where kind.assignment.row.allSatisfy({ $0 }) { _ = try take(kind) }
    var forward = kinds.map { _ in [Double]() }
    var update = forward
    var random = RandomGenerator(seed: options.seed, 1)
    var spent = 0.0
    var done = 0
    var isDue = true
    while isDue {
      var order = Array(kinds.indices)
      random.shuffle(&order)
      for index in order where isDue {
        let seconds = try take(kinds[index])
        forward[index].append(seconds.forward)
        update[index].append(seconds.update)
        spent += seconds.forward + seconds.update
        done += 1
        let expected = Double(done) * options.seconds / max(spent, 1e-9)
        progress(done, max(kinds.count, done, Int(min(expected, 1e9))))
        isDue = done < kinds.count || (spent < options.seconds && done < Self.mostSteps)
      }
    }
    let samples = kinds.indices.map { index in
      TimeSample(
        assignment: kinds[index].assignment, work: step.work(batch: kinds[index].batch),
        forward: forward[index], update: update[index])
    }
    let fitted = TimeModel(
      fitting: kinds.indices.filter { !kinds[$0].isHeldOut }.map { samples[$0] },
      types: StepWork.types(of: model.configuration))
    return Result(
      model: fitted, work: step.work(batch: options.batch),
      comparisons: zip(kinds, samples).map { kind, sample in
        Calibration.Comparison(
          name: name(of: kind), isHeldOut: kind.isHeldOut, predicted: fitted.seconds(of: sample),
          measured: sample.seconds)
      }, repeats: forward.map(\.count).min() ?? 0)
  }

  private static let mostSteps = 100_000

  private func name(of kind: CalibrationDesign.Step) -> String {
    var name = CalibrationDesign.name(of: kind.assignment.row)
    if kind.batch != options.batch { name += ", batch \(kind.batch)" }
    if kind.assignment.directions != options.directions {
      name += ", \(kind.assignment.directions) directions"
    }
    return name
  }
}
