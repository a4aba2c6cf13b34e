#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the values of an example's queries say: scores, prediction, loss.
///
/// `values` has the shape [query][target] throughout: a log-probability where the query is
/// normalised, else a logit. Sums run in binary64. A wrong shape is a programming error.
package enum Scoring {
  /// The scores of the candidates, or nil when there are none (`Objective.tokens`).
  ///
  /// A candidate of several tokens scores their mean log-probability, so that long ones are not
  /// at a disadvantage.
  package static func candidateScores(
    of example: EncodedExample, values: [[Double]]
  ) -> [Double]? {
    switch example.objective {
    case .singleQueryCandidates:
      precondition(values.count == 1 && values[0].count == example.continuations.count)
      return values[0]
    case .candidates(let ranges, _):
      precondition(values.count == ranges.last?.upperBound)
      return ranges.map { range in
        values[range].reduce(0) { $0 + $1[0] } / Double(range.count)
      }
    case .tokens: return nil
    }
  }

  /// The candidate with the highest score, the first of equals; nil when there are no candidates
  /// or a score is not a number.
  package static func prediction(of example: EncodedExample, values: [[Double]]) -> Int? {
    guard let scores = candidateScores(of: example, values: values),
      !scores.contains(where: \.isNaN)
    else { return nil }
    var best = 0
    for (index, score) in scores.enumerated() where score > scores[best] { best = index }
    return best
  }

  /// The loss of an example as a sum with its weight; a batch's loss is the quotient of the totals.
  ///
  /// Between candidates: cross-entropy of the softmax over their scores, weight 1. For tokens: the
  /// sum of negative log-likelihoods, weight the number of tokens. Values that are not finite give
  /// a loss that is not finite, for the caller to report.
  package static func loss(
    of example: EncodedExample, values: [[Double]]
  ) -> (sum: Double, weight: Double) {
    guard let answer = example.answer, let scores = candidateScores(of: example, values: values)
    else {
      precondition(values.count == example.continuations[0].count)
      return (-values.reduce(0) { $0 + $1[0] }, Double(values.count))
    }
    return (crossEntropy(scores, answer: answer), 1)
  }

  /// The weight of an example in the mean: 1 between candidates, else the number of tokens.
  package static func weight(of example: EncodedExample) -> Double {
    example.answer == nil ? Double(example.continuations[0].count) : 1
  }

  /// The derivative of `loss(of:values:).sum` with respect to every value, in their shape.
  package static func derivative(
    of example: EncodedExample, values: [[Double]]
  ) -> [[Double]] {
    guard let answer = example.answer, let scores = candidateScores(of: example, values: values)
    else { return values.map { $0.map { _ in -1 } } }
    let slopes = crossEntropyDerivative(scores, answer: answer)
    guard case .candidates(let ranges, _) = example.objective else { return [slopes] }
    return zip(ranges, slopes).flatMap { range, slope in
      range.map { _ in [slope / Double(range.count)] }
    }
  }

  /// softmax(scores) less one at the answer; not a number where the loss is not finite.
  private static func crossEntropyDerivative(_ scores: [Double], answer: Int) -> [Double] {
    guard let highest = scores.max(), !scores.contains(where: \.isNaN) else {
      return scores.map { _ in .nan }
    }
    let exponentials = scores.map { exp($0 - highest) }
    let total = exponentials.reduce(0, +)
    return exponentials.enumerated().map { $1 / total - ($0 == answer ? 1 : 0) }
  }

  /// -log softmax(scores)[answer], shifted by the maximum so that nothing overflows.
  static func crossEntropy(_ scores: [Double], answer: Int) -> Double {
    if scores.contains(where: \.isNaN) { return .nan }
    guard let highest = scores.max(), highest > -.infinity else { return .infinity }
    // With +infinity among the scores the difference below is not a number, as it should be.
    let total = scores.reduce(0) { $0 + exp($1 - highest) }
    return log(total) + (highest - scores[answer])
  }
}
