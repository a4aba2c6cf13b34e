/// Least squares over parameters that cannot be negative (Lawson and Hanson 1974, chapter 23), from the
/// normal equations.
///
/// Parameters enter the free set one at a time, the one whose growth helps most first; those that
/// the free minimiser would make negative leave it again. It ends at the only minimum there is.
struct NonNegativeLeastSquares: Sendable {
  private let equations: NormalEquations

  /// - Parameter equations: Positive definite.
  init(_ equations: NormalEquations) { self.equations = equations }

  func solution() -> [Double] {
    let size = equations.size
    var x = [Double](repeating: 0, count: size)
    var isFree = [Bool](repeating: false, count: size)
    let scale = equations.moment.reduce(0) { max($0, abs($1)) }
    // Each round lowers the objective, so no free set comes back; rounding is what the limit is for.
    for _ in 0..<10 * size {
      let slope = descent(at: x)
      let candidate = (0..<size).filter { !isFree[$0] }.max { slope[$0] < slope[$1] }
      guard let candidate, slope[candidate] > 1e-12 * scale else { break }
      isFree[candidate] = true
      settle(&x, &isFree)
    }
    return x
  }

  /// Moves to the minimum over the free parameters, fixing those at 0 that stand in the way.
  private func settle(_ x: inout [Double], _ isFree: inout [Bool]) {
    while true {
      let free = isFree.indices.filter { isFree[$0] }
      let target = equations.solution(of: free)
      guard target.contains(where: { $0 <= 0 }) else {
        for (parameter, value) in zip(free, target) { x[parameter] = value }
        return
      }
      var step = 1.0
      for (parameter, value) in zip(free, target) where value <= 0 {
        step = min(step, x[parameter] / (x[parameter] - value))
      }
      if step.isNaN { step = 0 }
      var fixed = false
      for (parameter, value) in zip(free, target) {
        x[parameter] += step * (value - x[parameter])
        if value <= 0, x[parameter] <= 1e-15 {
          x[parameter] = 0
          isFree[parameter] = false
          fixed = true
        }
      }
      guard fixed else { return }
    }
  }

  /// m - Gx: how fast the objective falls as each parameter grows. [size]
  private func descent(at x: [Double]) -> [Double] {
    let size = equations.size
    return (0..<size).map { row in
      var sum = equations.moment[row]
      for column in 0..<size where x[column] != 0 {
        sum -= equations.gram[row * size + column] * x[column]
      }
      return sum
    }
  }
}
