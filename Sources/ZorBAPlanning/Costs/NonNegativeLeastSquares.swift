/// The x >= 0 that minimises |M x - y|^2, by the active-set method of Lawson and Hanson (1974).
///
/// Costs have no negative parts, and columns that measure nearly the same thing would otherwise
/// cancel each other with huge coefficients of opposite signs. Columns may be collinear: which of
/// them gets the weight is then arbitrary, the fitted values are not.
package struct NonNegativeLeastSquares: Sendable {
  /// x. [columns]
  package let solution: [Double]

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
    let scaled = rows.map { row in zip(row, lengths).map { $1 > 0 ? $0 / $1 : 0 } }
    var search = Search(rows: scaled, targets: targets, columns: columns)
    search.run()
    solution = zip(search.solution, lengths).map { $1 > 0 ? $0 / $1 : 0 }
  }

  /// The search on the normal equations of columns of unit length.
  private struct Search {
    /// M' M. [columns][columns]
    private let gram: [[Double]]
    /// M' y. [columns]
    private let image: [Double]
    private let columns: Int
    private let tolerance: Double
    private(set) var solution: [Double]
    private var isFree: [Bool]

    /// What keeps nearly collinear columns solvable, against diagonals of 1.
    private static let ridge = 1e-12

    init(rows: [[Double]], targets: [Double], columns: Int) {
      var gram = [[Double]](repeating: [Double](repeating: 0, count: columns), count: columns)
      var image = [Double](repeating: 0, count: columns)
      for (row, target) in zip(rows, targets) {
        for left in 0..<columns where row[left] != 0 {
          image[left] += row[left] * target
          for right in 0..<columns { gram[left][right] += row[left] * row[right] }
        }
      }
      self.gram = gram
      self.image = image
      self.columns = columns
      let length = targets.reduce(0) { $0 + $1 * $1 }.squareRoot()
      tolerance = 1e-10 * length
      solution = Array(repeating: 0, count: columns)
      isFree = Array(repeating: false, count: columns)
    }

    mutating func run() {
      // Each turn frees one column; the method ends by itself, rounding might have it circle.
      for _ in 0..<10 * max(1, columns) {
        let slope = (0..<columns).map { column in
          image[column] - (0..<columns).reduce(0) { $0 + gram[column][$1] * solution[$1] }
        }
        let candidates = (0..<columns).filter { !isFree[$0] && slope[$0] > tolerance }
        guard let steepest = candidates.max(by: { slope[$0] < slope[$1] }) else { return }
        isFree[steepest] = true
        settle()
      }
    }

    /// Solves for the free columns, giving up those that would turn negative.
    private mutating func settle() {
      while true {
        let free = (0..<columns).filter { isFree[$0] }
        let wanted = solve(free)
        if wanted.allSatisfy({ $0 > 0 }) {
          for (column, value) in zip(free, wanted) { solution[column] = value }
          return
        }
        // As far towards the wanted point as all stay at or above zero.
        var share = 1.0
        for (column, value) in zip(free, wanted) where value <= 0 {
          let now = solution[column]
          share = min(share, now > value ? now / (now - value) : 0)
        }
        for (column, value) in zip(free, wanted) {
          solution[column] += share * (value - solution[column])
          if value <= 0, solution[column] <= 1e-14 {
            solution[column] = 0
            isFree[column] = false
          }
        }
        if !isFree.contains(true) { return }
      }
    }

    /// The unconstrained solution for some columns, by Cholesky's factorisation.
    private func solve(_ free: [Int]) -> [Double] {
      let count = free.count
      var factor = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
      var values = free.map { image[$0] }
      for i in 0..<count {
        for j in 0...i {
          var sum = gram[free[i]][free[j]] + (i == j ? Self.ridge : 0)
          for k in 0..<j { sum -= factor[i][k] * factor[j][k] }
          factor[i][j] = i == j ? max(sum, Self.ridge).squareRoot() : sum / factor[j][j]
        }
        for k in 0..<i { values[i] -= factor[i][k] * values[k] }
        values[i] /= factor[i][i]
      }
      for i in (0..<count).reversed() {
        for k in i + 1..<count { values[i] -= factor[k][i] * values[k] }
        values[i] /= factor[i][i]
      }
      return values
    }
  }
}
