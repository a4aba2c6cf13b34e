#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension EncodedExample {
  /// The scores of the options, higher is better; empty for language modelling.
  ///
  /// - Parameter values: The model's scores, [queries][targets].
  package func candidateScores(values: [[Double]]) -> [Double] {
    switch objective {
    case .singleQueryCandidates: values[0]
    case .candidates(let queries, _):
      queries.map { range in
        values[range].reduce(0) { $0 + $1[0] } / Double(range.count)
      }
    case .tokens: []
    }
  }

  /// The example's loss and how much it weighs, in binary64.
  ///
  /// With an answer: the cross-entropy of the softmax over the options' scores, weight 1. For
  /// tokens: the summed negative log-likelihood, weight the number of tokens.
  ///
  /// - Parameter values: The model's scores, [queries][targets].
  package func loss(values: [[Double]]) -> (sum: Double, weight: Double) {
    switch objective {
    case .singleQueryCandidates(let answer), .candidates(_, let answer):
      let scores = candidateScores(values: values)
      let greatest = scores.max() ?? 0
      // A score that is not finite must reach the loss, so that the divergence guard sees it.
      guard scores.allSatisfy(\.isFinite) else { return (.nan, 1) }
      let sum = scores.reduce(0) { $0 + exp($1 - greatest) }
      return (log(sum) + greatest - scores[answer], 1)
    case .tokens:
      return (-values.reduce(0) { $0 + $1[0] }, Double(values.count))
    }
  }

  /// The option with the highest score, the first of equals; nil for language modelling.
  package func prediction(values: [[Double]]) -> Int? {
    let scores = candidateScores(values: values)
    guard var best = scores.indices.first else { return nil }
    for index in scores.indices where scores[index] > scores[best] { best = index }
    return best
  }

  /// The right option; nil for language modelling.
  package var answer: Int? {
    switch objective {
    case .singleQueryCandidates(let answer), .candidates(_, let answer): answer
    case .tokens: nil
    }
  }
}
