/// The x >= 0 that minimises |M x - y|^2.
///
/// Costs have no negative parts, and columns that measure nearly the same thing would otherwise
/// cancel each other with huge coefficients of opposite signs. Columns may be collinear: which of
/// them gets the weight is then arbitrary, the fitted values are not.
package struct NonNegativeFit: Sendable {
  /// x. [columns]
  package let solution: [Double]

  /// What keeps nearly collinear columns solvable, against diagonals of 1.
  private static let ridge = 1e-12

  /// - Parameters:
  ///   - rows: M, all of one length. [rows][columns]
  ///   - targets: y. [rows]
  package init(rows: [[Double]], targets: [Double]) {
    let columns = rows.first?.count ?? 0
    precondition(rows.count == targets.count && rows.allSatisfy { $0.count == columns })
    // Columns of unit length: operations and constants differ by twelve orders of magnitude.
    let lengths = (0..<columns).map { column in
      rows.reduce(0) { $0 + $1[column] * $1[column] }.squareRoot()
    }
    var equations = NormalEquations(
      gram: Array(repeating: 0, count: columns * columns),
      moment: Array(repeating: 0, count: columns))
    for (row, target) in zip(rows, targets) {
      let scaled = zip(row, lengths).map { $1 > 0 ? $0 / $1 : 0 }
      for left in 0..<columns where scaled[left] != 0 {
        equations.moment[left] += scaled[left] * target
        for right in 0..<columns {
          equations.gram[left * columns + right] += scaled[left] * scaled[right]
        }
      }
    }
    for column in 0..<columns { equations.gram[column * columns + column] += Self.ridge }
    solution = zip(NonNegativeLeastSquares(equations).solution(), lengths).map {
      $1 > 0 ? $0 / $1 : 0
    }
  }
}
