package import ZorBAFederation
import ZorBAOptimization

/// Watches what sites send, round by round, and names those whose answers are out of line.
///
/// Nothing here decides a bit of a commit. It is a function of the committed rounds and their plans, so
/// that a run taken up again, shown what was recorded, says what one that was not interrupted says.
/// Where the coordinator sees no single answer (secure aggregation, first-order methods) it has
/// nothing to say but who answered.
package struct ContributionMonitor: Sendable {
  private let names: [String]
  private let weights: [Double]
  private let sharesDirections: Bool
  private let terms: RoundTerms
  private var combination: AnswerCombination
  private var records: [ContributionRecord]
  /// The alarms so far.
  package private(set) var alarms: [ContributionAlarm] = []

  /// With more answers in a round, nobody's influence is reckoned: it takes the square of their number.
  static let influenceLimit = 64

  /// - Parameter members: The clients in order, with p_k up to a common factor.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when schedule and rounds disagree.
  package init(
    configuration: RunConfiguration, members: [(name: String, weight: Double)]
  ) throws {
    names = members.map(\.name)
    weights = members.map(\.weight)
    sharesDirections = configuration.method.seeding == .shared
    terms = try RoundTerms(configuration)
    combination = AnswerCombination(configuration)
    records = names.map { _ in ContributionRecord() }
  }

  /// Learns a committed round; the alarms that it raised.
  ///
  /// - Parameter plan: The plan that the round followed.
  package mutating func observe(
    _ metrics: RoundMetrics, plan: ActivationPlan
  ) -> [ContributionAlarm] {
    let matrix = plan.matrix(round: metrics.round)
    guard matrix.clientCount == names.count else { return [] }
    for client in names.indices where !matrix.isResting(client) { records[client].ask() }
    let places = Dictionary(
      names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var results: [ClientResult] = []
    var losses: [Float] = []
    for answer in metrics.clients {
      guard let client = places[answer.name] else { continue }
      results.append(
        ClientResult(
          client: UInt32(client + 1), weight: weights[client],
          blocks: terms.blocks(of: client, round: metrics.round, plan: plan),
          scalars: answer.scalars.map(Double.init)))
      losses.append(Float(answer.loss))
    }
    combination.weigh(&results, losses: losses)
    let observations = RoundComparison(results, rule: combination.rule(for: results))
      .observations(directions: sharesDirections, influence: results.count <= Self.influenceLimit)
    combination.learn(results.map(\.scalars))
    var raised: [ContributionAlarm] = []
    for (result, observation) in zip(results, observations) {
      let client = Int(result.client) - 1
      for kind in records[client].answer(observation) {
        raised.append(alarm(kind, of: client, round: metrics.round))
      }
    }
    for answer in metrics.leftOut {
      guard let client = places[answer.name] else { continue }
      for kind in records[client].refuse() {
        raised.append(alarm(kind, of: client, round: metrics.round))
      }
    }
    alarms += raised
    return raised
  }

  /// The sites' figures, in their order.
  package var contributions: [Contribution] {
    zip(names, records).map { name, record in
      Contribution(
        client: name, answered: Double(record.answered) / Double(max(1, record.asked)),
        refused: Double(record.refused) / Double(max(1, record.answered)),
        normRatio: record.normRatio, agreement: record.agreement, influence: record.influence)
    }
  }

  private func alarm(
    _ kind: ContributionAlarm.Kind, of client: Int, round: Int
  ) -> ContributionAlarm {
    let record = records[client]
    func number(_ value: Double?) -> String {
      guard let value else { return "unknown" }
      let scale = value.magnitude < 10 ? 100.0 : 1
      return "\((value * scale).rounded() / scale)"
    }
    let what =
      switch kind {
      case .disagreement:
        "its scalars have pointed against those of the others for longer than chance explains: the "
          + "running cosine is \(number(record.agreement))"
      case .large:
        "its scalars are far larger than those of the others: \(number(record.normRatio)) times their "
          + "median, as a running mean"
      case .small:
        "its scalars are far smaller than those of the others: \(number(record.normRatio)) times their "
          + "median, as a running mean"
      case .refused:
        "the guard keeps refusing its answers: \(record.refused) of \(record.answered) so far"
      }
    return ContributionAlarm(
      round: round, client: names[client], kind: kind,
      text: "round \(round): \(names[client]) is out of line: \(what)")
  }
}
