package import ZorBAFederation
package import ZorBAJSON
package import ZorBAPlanning

/// The seconds of a run's rounds, predicted and measured.
///
/// A round's seconds are those of its answers, one client after the other, before it is committed.
public struct RoundForecast: Sendable, Equatable {
  /// Where a prediction comes from.
  public enum Source: String, Sendable, CaseIterable {
    /// A calibration of the machine, made before the run.
    case calibration
    /// The run's own rounds 2 to 20, compared with those after them.
    case firstRounds = "forecast_from_first_rounds"
  }

  /// Where the prediction comes from.
  public var source: Source
  /// The median of the predictions.
  public var predictedSeconds: Double
  /// The median of the measurements of the same rounds.
  public var measuredSeconds: Double

  /// (predicted - measured) / measured.
  public var error: Double {
    FitError.relative(predicted: predictedSeconds, measured: measuredSeconds)
  }

  /// The rounds that a forecast is made from; the first one pays for memory that others find ready.
  static let fitted = 2...20
  /// Rounds that are needed behind them for a comparison.
  static let leastCompared = 10

  /// Predicts the later rounds from the first; nil when the run is too short for that.
  ///
  /// Rounds differ in who takes part and how many blocks are active, which is what the fit goes by.
  package init?(firstRoundsOf history: [RoundMetrics]) {
    let first = history.filter { Self.fitted.contains($0.round) }
    let later = history.filter { $0.round > Self.fitted.upperBound }
    guard first.count == Self.fitted.count, later.count >= Self.leastCompared else { return nil }
    func columns(_ round: RoundMetrics) -> [Double] {
      let active = round.clients.reduce(0) { $0 + $1.activeBlocks }
      return [1, Double(round.clients.count), Double(active)]
    }
    let coefficients = RobustFit.coefficients(
      columns: first.map(columns), targets: first.map(\.seconds))
    let predictions = later.map { round in
      zip(columns(round), coefficients).reduce(0) { $0 + $1.0 * $1.1 }
    }
    self.init(.firstRounds, predictions, later.map(\.seconds))
  }

  /// Predicts rounds from what the plan gives every client; nil before the second round.
  ///
  /// - Parameters:
  ///   - history: The rounds that were run.
  ///   - clients: Every client's name.
  ///   - plan: Who trains what when.
  ///   - answers: What an answer costs each client, the commit not counted. [clients]
  package init?(
    history: [RoundMetrics], clients: [String], plan: ActivationPlan, answers: [SiteCosts]
  ) {
    guard clients.count == answers.count else { return nil }
    var numbers: [String: Int] = [:]
    for (number, name) in clients.enumerated() { numbers[name] = number }
    let rounds = history.filter { $0.round > 1 }
    guard !rounds.isEmpty else { return nil }
    let predictions = rounds.map { round in
      let matrix = plan.matrix(round: round.round)
      let names = round.clients.map(\.name) + round.leftOut.map(\.name)
      return names.compactMap { numbers[$0] }.filter(matrix.rows.indices.contains)
        .reduce(0) { $0 + answers[$1].seconds(matrix.rows[$1]) }
    }
    self.init(.calibration, predictions, rounds.map(\.seconds))
  }

  private init(_ source: Source, _ predicted: [Double], _ measured: [Double]) {
    self.source = source
    predictedSeconds = predicted.median
    measuredSeconds = measured.median
  }

  /// The object under `time` in `result.json`.
  package var json: JSONValue {
    [
      "predicted_round_seconds": .number(predictedSeconds),
      "measured_round_seconds": .number(measuredSeconds), "error": .number(error),
      "source": .string(source.rawValue),
    ]
  }
}
