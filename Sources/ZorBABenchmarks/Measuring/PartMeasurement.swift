package import ZorBA
import ZorBADiagnostics
package import ZorBAJSON

/// What one run of a cell showed, from the files that it left and what the system counted.
package struct PartMeasurement: Sendable, Equatable {
  package var before: Evaluation.Figures?
  package var after: Evaluation.Figures
  /// Accuracy on the rows of each site, where rows carry one.
  package var accuracyBySite: [SiteAccuracy]
  package var clients: [String]
  package var rounds: Int
  package var bytesUp: Int
  package var bytesDown: Int
  package var bytesPerClientRound: Double
  package var peakBytes: Int
  package var predictedBytes: Int
  package var trainedParameters: Int
  package var forwardPasses: Int
  /// Seconds without evaluations.
  package var seconds: Double
  package var curve: [CurvePoint]
  package var warnings: [String]
  package var usage: ProcessUsage

  package struct SiteAccuracy: Sendable, Equatable {
    package var site: String
    package var accuracy: Double

    package init(site: String, accuracy: Double) {
      self.site = site
      self.accuracy = accuracy
    }
  }

  /// Reads what a run left.
  ///
  /// - Parameters:
  ///   - result: Its `result.json`.
  ///   - rounds: The lines of its `metrics.jsonl`.
  /// - Throws: `ZorBAError` with code `invalidData` naming what is missing.
  package init(
    result: JSONValue, rounds lines: [JSONValue], usage: ProcessUsage, file: String
  ) throws {
    func missing(_ field: String) -> ZorBAError {
      ZorBAError(
        .invalidData, "is missing or not what a run writes", at: .init(file: file, field: field),
        advice: "Run the cell anew with --again.")
    }
    func whole(_ section: String, _ key: String) throws -> Int {
      guard let value = result[section]?[key]?.integer, value >= 0 else {
        throw missing("\(section).\(key)")
      }
      return value
    }
    guard let after = result["evaluation"]?["after"].flatMap(Evaluation.init(json:)) else {
      throw ZorBAError(
        .invalidData, "the run evaluated nothing", at: .init(file: file, field: "evaluation.after"),
        advice: "Give the task a file under data.test or data.validation.")
    }
    before = result["evaluation"]?["before"].flatMap(Evaluation.init(json:))?.overall
    self.after = after.overall
    accuracyBySite = after.perClient.compactMap { site in
      site.figures.accuracy.map { SiteAccuracy(site: site.name, accuracy: $0) }
    }
    clients = (result["clients"]?.array ?? []).compactMap(\.string)
    guard let rounds = result["rounds"]?.integer, rounds >= 0 else { throw missing("rounds") }
    self.rounds = rounds
    bytesUp = try whole("bytes", "up")
    bytesDown = try whole("bytes", "down")
    bytesPerClientRound = result["bytes"]?["per_client_per_round"]?.double ?? 0
    peakBytes = try whole("memory", "peak_bytes")
    predictedBytes = result["memory"]?["predicted_bytes"]?.integer ?? 0
    trainedParameters = result["trained_parameters"]?.integer ?? 0
    forwardPasses = result["forward_passes"]?.integer ?? 0
    guard let total = result["seconds"]?["total"]?.double else { throw missing("seconds.total") }
    seconds = max(0, total - (result["seconds"]?["evaluation"]?.double ?? 0))
    warnings = (result["warnings"]?.array ?? []).compactMap(\.string)
    self.usage = usage
    curve = Self.curve(
      of: result["evaluation"], before: before, after: after.overall, rounds: rounds, lines: lines)
  }

  /// Evaluations with the seconds of the rounds before them.
  private static func curve(
    of evaluations: JSONValue?, before: Evaluation.Figures?, after: Evaluation.Figures,
    rounds: Int, lines: [JSONValue]
  ) -> [CurvePoint] {
    var figures: [(Int, Evaluation.Figures)] = before.map { [(0, $0)] } ?? []
    for entry in evaluations?["during"]?.array ?? [] {
      if let round = entry["round"]?.integer, (1..<max(1, rounds)).contains(round),
        let evaluation = entry["evaluation"].flatMap(Evaluation.init(json:))
      {
        figures.append((round, evaluation.overall))
      }
    }
    figures.append((rounds, after))
    var elapsed: [Int: Double] = [:]
    var sum = 0.0
    for line in lines {
      guard let round = line["round"]?.integer, let seconds = line["seconds"]?.double,
        seconds.isFinite
      else { continue }
      sum += max(0, seconds)
      elapsed[round] = sum
    }
    return figures.map { round, figures in
      CurvePoint(
        round: round, seconds: round == 0 ? 0 : elapsed[round] ?? sum,
        accuracy: figures.accuracy, loss: figures.loss)
    }
  }
}

/// How well a model did after some rounds.
package struct CurvePoint: Sendable, Equatable {
  package var round: Int
  /// Seconds of the rounds until then.
  package var seconds: Double
  package var accuracy: Double?
  package var loss: Double

  package init(round: Int, seconds: Double, accuracy: Double?, loss: Double) {
    self.round = round
    self.seconds = seconds
    self.accuracy = accuracy
    self.loss = loss
  }
}
