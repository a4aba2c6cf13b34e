/// Non-negative coefficients that explain measurements some of which are wrong.
///
/// Relative errors count, so that short times are fitted as well as long ones. Residuals beyond what
/// the others show are weighed down (Huber, 1964): what a neighbour on the machine held up does not
/// bend the rest.
package enum RobustFit {
  /// - Parameters:
  ///   - columns: What the coefficients multiply, all of one length. [measurements][coefficients]
  ///   - targets: What was measured; values that are not above 0 are ignored. [measurements]
  package static func coefficients(columns: [[Double]], targets: [Double]) -> [Double] {
    let rows = zip(columns, targets).map { row, target in
      row.map { target > 0 ? $0 / target : 0 }
    }
    let ones = targets.map { $0 > 0 ? 1.0 : 0 }
    var weights = ones
    var solution: [Double] = []
    for _ in 0..<reweightings {
      solution =
        NonNegativeFit(
          rows: zip(rows, weights).map { row, weight in row.map { $0 * weight } },
          targets: zip(ones, weights).map(*)
        ).solution
      let residuals = zip(rows, ones).map { row, one in
        (zip(row, solution).reduce(-one) { $0 + $1.0 * $1.1 }).magnitude
      }
      // 1.345 standard deviations, which is 1.4826 medians of the residuals of a normal sample.
      let limit = max(1.345 * 1.4826 * residuals.median, 1e-6)
      weights = residuals.map { ($0 > limit ? limit / $0 : 1).squareRoot() }
    }
    return solution
  }

  private static let reweightings = 12
}

extension [Double] {
  /// The middle value, of an even number the mean of the two in the middle; 0 when empty.
  package var median: Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    let middle = count / 2
    return count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
