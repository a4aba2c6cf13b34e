/// Which sums of parameters a set of normal equations determines.
///
/// A sum of parameters is determined when no direction that the equations do not see changes it. The
/// unseen directions come from a Cholesky factorisation with pivoting of G, scaled to a unit diagonal: with
/// G = [R S]'[R S] in pivoted order they are spanned by [-R^-1 S; 1].
struct Identifiability: Sendable {
  /// Of every sum, whether it is determined. [combinations]
  let isDetermined: [Bool]
  /// The rank of G.
  let rank: Int

  /// Below this a pivot counts as rounding: designs are matrices of zeros and ones, whose
  /// dependencies are exact.
  private static let smallestPivot = 1e-9

  /// Rounding in an unseen direction is far below this, real dependence far above.
  private static let smallestChange = 1e-4

  /// - Parameter combinations: Sums of parameters; nil for each by itself. [combinations]
  init(
    _ equations: NormalEquations,
    of combinations: [[(parameter: Int, coefficient: Double)]]? = nil
  ) {
    let size = equations.size
    let combinations = combinations ?? (0..<size).map { [(parameter: $0, coefficient: 1)] }
    let norms = (0..<size).map { max(0, equations.gram[$0 * size + $0]).squareRoot() }
    var order = Array(0..<size)
    // Rows of the factor in pivoted order. [rank][size]
    var rows: [[Double]] = []
    var pivots = norms.map { $0 > 0 ? 1.0 : 0 }
    while rows.count < size {
      let rank = rows.count
      guard let best = (rank..<size).max(by: { pivots[order[$0]] < pivots[order[$1]] }),
        pivots[order[best]] > Self.smallestPivot
      else { break }
      order.swapAt(rank, best)
      let pivot = order[rank]
      let root = pivots[pivot].squareRoot()
      var row = [Double](repeating: 0, count: size)
      row[pivot] = root
      for parameter in order[(rank + 1)...] where norms[parameter] > 0 {
        var sum =
          equations.gram[pivot * size + parameter] / (norms[pivot] * norms[parameter])
        for earlier in rows { sum -= earlier[pivot] * earlier[parameter] }
        row[parameter] = sum / root
        pivots[parameter] -= row[parameter] * row[parameter]
      }
      rows.append(row)
    }
    var determined = [Bool](repeating: true, count: combinations.count)
    for unseen in order[rows.count...] {
      // R v = S, from the last row up, in units of 1 / norms.
      var v = [Double](repeating: 0, count: size)
      v[unseen] = -1
      for row in rows.indices.reversed() {
        var sum = rows[row][unseen]
        for later in row + 1..<max(rows.count, row + 1) {
          sum -= rows[row][order[later]] * v[order[later]]
        }
        v[order[row]] = sum / rows[row][order[row]]
      }
      for (index, combination) in combinations.enumerated() {
        var change = 0.0
        var size = 0.0
        for (parameter, coefficient) in combination {
          let part = coefficient * v[parameter] / (norms[parameter] > 0 ? norms[parameter] : 1)
          change += part
          size = max(size, abs(coefficient) / (norms[parameter] > 0 ? norms[parameter] : 1))
        }
        if abs(change) > Self.smallestChange * size { determined[index] = false }
      }
    }
    isDetermined = determined
    rank = rows.count
  }
}
