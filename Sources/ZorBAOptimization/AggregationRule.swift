/// How the answers that a block got become its coefficients.
///
/// The rules differ in what one answer can do to the result. Under `mean` a single answer moves it
/// anywhere; under `median` and `trimmedMean` every coefficient lies between honest answers as long
/// as those that lie hold less than half of the weight, or at most the trimmed share of it; under
/// `normClipped` an answer moves a block by no more than its share times the bound.
package enum AggregationRule: Hashable, Sendable {
  /// The weighted mean.
  case mean
  /// The weighted median of every coordinate (`WeightedSample.median`).
  case median
  /// The weighted mean of every coordinate without this share of the weight at either end
  /// (`WeightedSample.trimmedMean`).
  case trimmedMean(share: Double)
  /// The weighted mean of answers whose L2 norm is cut down to a bound first.
  case normClipped(bound: Double)

  /// Answers that a block needs for the rule to keep what it promises: three for a median, and enough
  /// for one of equal weight to be trimmed away at either end. With fewer the block is left alone.
  package var minimumAnswers: Int {
    switch self {
    case .mean, .normClipped: 1
    case .median: 3
    // Shares are given in decimal: five answers are enough for a fifth.
    case .trimmedMean(let share): max(3, Int((1 / share - 1e-9).rounded(.up)))
    }
  }
}

extension AggregationRule {
  /// What the rule makes of the scalars of a block, coordinate by coordinate.
  ///
  /// - Parameters:
  ///   - answers: Those that had the block active, in ascending number of their clients; at least one.
  ///   - width: Scalars of an answer.
  /// - Returns: C_b; zeros when there are fewer answers than the rule needs.
  package func coefficients(
    _ answers: [(weight: Double, scalars: [Double])], width: Int
  ) -> [Double] {
    guard answers.count >= minimumAnswers else { return [Double](repeating: 0, count: width) }
    return (0..<width).map { index in
      let sample = WeightedSample(answers.map { ($0.weight, $0.scalars[index]) })
      switch self {
      case .median: return sample.median
      case .trimmedMean(let share): return sample.trimmedMean(share: share)
      case .mean, .normClipped: return sample.mean
      }
    }
  }

  /// An answer's scalars as the rule lets them in: shortened to the bound where they are longer.
  package func limited(_ scalars: [Double]) -> [Double] {
    guard case .normClipped(let bound) = self else { return scalars }
    let norm = Self.norm(of: scalars)
    guard norm > bound else { return scalars }
    return scalars.map { $0 / norm * bound }
  }

  /// The L2 norm, without overflow on the way.
  package static func norm(of scalars: some Sequence<Double>) -> Double {
    let largest = scalars.reduce(0) { max($0, abs($1)) }
    guard largest > 0, largest.isFinite else { return largest }
    return largest * scalars.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
  }
}
