/// Steps of one kind that were timed.
package struct TimeSample: Sendable {
  package var assignment: StepAssignment
  package var work: StepWork
  /// Seconds of the forward passes, a value a repeat; not empty.
  package var forward: [Double]
  /// Seconds of the update of the same blocks by one term a direction; not empty.
  package var update: [Double]

  package init(
    assignment: StepAssignment, work: StepWork, forward: [Double], update: [Double]
  ) {
    precondition(!forward.isEmpty && !update.isEmpty)
    self.assignment = assignment
    self.work = work
    self.forward = forward
    self.update = update
  }

  /// Medians of the repeats: what other programs take from some of them does not move it.
  package var seconds: Double { forward.median + update.median }
}

/// How far predictions lie from what was measured, relative to it.
package struct FitError: Sendable, Equatable {
  /// Comparisons.
  package var count: Int
  /// The middle of |predicted / measured - 1|.
  package var median: Double
  /// The largest of them.
  package var maximum: Double

  package init(count: Int, median: Double, maximum: Double) {
    self.count = count
    self.median = median
    self.maximum = maximum
  }

  /// Compares pairs; nil without any.
  package init?(_ pairs: [(predicted: Double, measured: Double)]) {
    let errors = pairs.map { Self.relative(predicted: $0.predicted, measured: $0.measured) }
    guard let largest = errors.map(\.magnitude).max() else { return nil }
    self.init(count: errors.count, median: errors.map(\.magnitude).median, maximum: largest)
  }

  /// (predicted - measured) / measured; 0 when nothing was measured.
  package static func relative(predicted: Double, measured: Double) -> Double {
    measured > 0 ? (predicted - measured) / measured : 0
  }

  /// What the project calls a defect (algorithm, section 4).
  package static let tolerance = 0.1
}

extension TimeModel {
  /// Fits the rates to measured steps.
  ///
  /// - Parameters:
  ///   - samples: Not empty; their work has as many blocks as there are types.
  ///   - types: The type of every block. [blocks]
  package init(fitting samples: [TimeSample], types: [Int]) {
    let forward = RobustFit.coefficients(
      columns: samples.map {
        Self.forwardColumns($0.assignment, work: $0.work, types: types)
      }, targets: samples.map(\.forward.median))
    let update = RobustFit.coefficients(
      columns: samples.map {
        Self.updateColumns(
          row: $0.assignment.row, outer: $0.assignment.outer,
          terms: Double($0.assignment.directions), work: $0.work, types: types)
      }, targets: samples.map(\.update.median))
    let rates = (0...(types.max() ?? 0)).map { type in
      let place = 2 + 4 * type
      // Where every row began with the first block there was no prefix to be measured.
      let hasPrefix = samples.contains { sample in
        types[..<sample.assignment.firstBranched].contains(type)
      }
      return BlockRates(
        prefix: hasPrefix ? forward[place] : forward[place + 1], suffix: forward[place + 1],
        active: forward[place + 2], generation: forward[place + 3], write: update[1 + 2 * type],
        term: update[2 + 2 * type])
    }
    self.init(
      fixed: forward[0], head: forward[1], updateFixed: update[0], types: types, rates: rates)
  }

  /// How well a model predicts steps; nil without any.
  package func error(on samples: [TimeSample]) -> FitError? {
    FitError(samples.map { (predicted: seconds(of: $0), measured: $0.seconds) })
  }

  /// The prediction for a step as it was timed: forward passes and update.
  package func seconds(of sample: TimeSample) -> Double {
    forwardSeconds(sample.assignment, work: sample.work)
      + updateSeconds(
        row: sample.assignment.row, outer: sample.assignment.outer,
        terms: Double(sample.assignment.directions), work: sample.work)
  }
}
