import ZorBAOptimization

/// How the coordinator weighs answers and which rule combines them, with what it remembers for that.
struct AnswerCombination: Sendable {
  private let aggregation: AggregationConfiguration
  private let weighting: LossWeighting?
  /// The usual norm of answers, for a bound that is not given.
  private var norms = NormBound()

  init(_ configuration: RunConfiguration) {
    aggregation = configuration.aggregation
    weighting = configuration.fairness?.lossExponent.map(LossWeighting.init(exponent:))
  }

  /// Has weights follow the round's losses, where the run asks for that.
  ///
  /// - Parameter losses: Of the answers, in their order, as they are sent: in binary32.
  func weigh(_ results: inout [ClientResult], losses: [Float]) {
    guard let weighting else { return }
    for (index, factor) in weighting.factors(losses).enumerated() {
      results[index].weight *= factor
    }
  }

  /// The rule for a round's answers.
  func rule(for results: [ClientResult]) -> AggregationRule {
    aggregation.rule(automaticBound: norms.bound(for: Self.norms(results.map(\.scalars))))
  }

  /// Which blocks keep their weights because too few answered, as a sentence; nil for none.
  func thinBlocks(of results: [ClientResult], round: Int) -> String? {
    let needed = aggregation.rule(automaticBound: .infinity).minimumAnswers
    guard needed > 1 else { return nil }
    var answers: [Int: Int] = [:]
    for block in results.lazy.flatMap(\.blocks) { answers[block, default: 0] += 1 }
    let thin = answers.filter { $0.value < needed }.keys.sorted()
    guard !thin.isEmpty else { return nil }
    let named = thin.prefix(12).map(String.init).joined(separator: ", ")
    let isOne = thin.count == 1
    return "round \(round): \(isOne ? "block" : "blocks") \(named) got fewer than the \(needed) "
      + "answers that \(aggregation.rule.rawValue) needs, and "
      + (isOne ? "is left as it is" : "are left as they are")
  }

  /// Learns the scalars of a committed round's answers.
  mutating func learn(_ scalars: [[Double]]) {
    guard aggregation.rule == .normClipped, aggregation.clip == .auto else { return }
    norms.learn(Self.norms(scalars))
  }

  private static func norms(_ scalars: [[Double]]) -> [Double] {
    scalars.map { AggregationRule.norm(of: $0) }
  }
}
