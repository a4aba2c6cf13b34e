package import ZorBAJSON

/// A site or segment that has fallen behind its own best while the whole improved.
public struct DriftAlarm: Sendable, Equatable {
  /// What has fallen behind.
  public enum Group: String, Sendable {
    /// A site's rows.
    case site
    /// A segment's rows.
    case segment
  }

  /// The round after which it was seen.
  public var round: Int
  /// What has fallen behind.
  public var group: Group
  /// Its name.
  public var name: String
  /// Its best figure, and the round of that.
  public var best: Double
  /// The round of the best figure.
  public var bestRound: Int
  /// Its figure now.
  public var now: Double
  /// One sentence.
  public var text: String

  package var json: JSONValue {
    [
      "round": .integer(round), "group": .string(group.rawValue), "name": .string(name),
      "best": .number(best), "best_round": .integer(bestRound), "now": .number(now),
      "text": .string(text),
    ]
  }
}

/// Watches how sites and segments fare from evaluation to evaluation of the same rows.
///
/// A group's alarm is raised when all of this holds:
///
/// - its accuracy lies below its own best so far by more than the threshold (its loss above, where there
///   is no accuracy);
/// - the whole is better than it was at that best;
/// - for accuracy, the fall exceeds twice its standard error sqrt(2 p (1 - p) / n), p the mean of both:
///   ten rows go up and down by a tenth for nothing.
///
/// It is raised once, until the group has come back to within the threshold.
package struct DriftMonitor: Sendable {
  private let threshold: Double
  private let minimumCount: Int
  /// The best so far by group, as a quality (more is better), with what the whole was then.
  private var bests: [Key: Best] = [:]
  private var raised: Set<Key> = []
  private(set) var alarms: [DriftAlarm] = []

  private struct Key: Hashable {
    var group: DriftAlarm.Group
    var name: String
    /// Which rows.
    var series: String
  }

  private struct Best {
    var quality: Double
    var round: Int
    var whole: Double
  }

  init(_ fairness: FairnessConfiguration) {
    threshold = fairness.driftAlarm
    minimumCount = fairness.minimumCount
  }

  /// The alarms that evaluations raise, one after the other.
  ///
  /// - Parameters:
  ///   - evaluations: In ascending order of rounds.
  ///   - series: Which rows the evaluation after a round is of.
  package static func alarms(
    in evaluations: [(round: Int, evaluation: Evaluation)], _ fairness: FairnessConfiguration,
    series: (Int) -> String
  ) -> [DriftAlarm] {
    var monitor = DriftMonitor(fairness)
    for (round, evaluation) in evaluations {
      _ = monitor.observe(evaluation, round: round, series: series(round))
    }
    return monitor.alarms
  }

  /// Learns an evaluation; the alarms that it raised.
  ///
  /// - Parameter series: Which rows it is of; only evaluations of the same rows are compared.
  mutating func observe(
    _ evaluation: Evaluation, round: Int, series: String
  ) -> [DriftAlarm] {
    let sites = evaluation.perClient.map { (DriftAlarm.Group.site, $0.name, $0.figures) }
    let segments = (evaluation.perSegment?.told ?? []).map {
      (DriftAlarm.Group.segment, $0.name, $0.figures)
    }
    let hasAccuracy = evaluation.overall.accuracy != nil
    func quality(_ figures: Evaluation.Figures) -> Double? {
      hasAccuracy ? figures.accuracy : figures.loss.isFinite ? -figures.loss : nil
    }
    guard let whole = quality(evaluation.overall) else { return [] }
    var found: [DriftAlarm] = []
    for (group, name, figures) in sites + segments where figures.examples >= minimumCount {
      let key = Key(group: group, name: name, series: series)
      guard let now = quality(figures) else { continue }
      guard let best = bests[key], best.quality > now else {
        bests[key] = Best(quality: now, round: round, whole: whole)
        raised.remove(key)
        continue
      }
      let fall = best.quality - now
      let chance = hasAccuracy ? Self.error(best.quality, now, figures.examples) : 0
      if fall <= threshold { raised.remove(key) }
      guard fall > threshold, fall > 2 * chance, whole > best.whole,
        raised.insert(key).inserted
      else { continue }
      found.append(
        alarm(key, best: best, now: now, whole: whole, round: round, hasAccuracy: hasAccuracy))
    }
    alarms += found
    return found
  }

  private static func error(_ best: Double, _ now: Double, _ rows: Int) -> Double {
    let mean = (best + now) / 2
    return (2 * mean * (1 - mean) / Double(rows)).squareRoot()
  }

  private func alarm(
    _ key: Key, best: Best, now: Double, whole: Double, round: Int, hasAccuracy: Bool
  ) -> DriftAlarm {
    func number(_ value: Double) -> String { "\((abs(value) * 1000).rounded() / 1000)" }
    let name = key.name.isEmpty ? "without a name" : "'\(key.name)'"
    let what = hasAccuracy ? "accuracy" : "loss"
    return DriftAlarm(
      round: round, group: key.group, name: key.name, best: abs(best.quality),
      bestRound: best.round, now: abs(now),
      text: "round \(round): the \(key.group.rawValue) \(name) falls behind while the whole "
        + "improves: \(what) \(number(now)) after \(number(best.quality)) in round \(best.round), the whole "
        + "\(number(whole)) after \(number(best.whole))")
  }
}
