/// Weighted least squares in its normal form: minimise x'Gx/2 - m'x over the parameters x.
///
/// G may be singular; then the parameters stay as near as can be to a prior, in the metric
/// sum_j (x_j - prior_j)^2 / prior_j, which moves those that only a sum is known of by a common factor.
struct NormalEquations: Sendable {
  /// Parameters.
  let size: Int
  /// G, symmetric and positive semidefinite. [size, size]
  var gram: [Double]
  /// m. [size]
  var moment: [Double]

  init(gram: [Double], moment: [Double]) {
    precondition(gram.count == moment.count * moment.count)
    size = moment.count
    self.gram = gram
    self.moment = moment
  }

  /// The factor that fits the direction `x` to the equations best; nil when they say nothing of it.
  func scale(of x: [Double]) -> Double? {
    var squares = 0.0
    var product = 0.0
    for row in 0..<size {
      var sum = 0.0
      for column in 0..<size { sum += gram[row * size + column] * x[column] }
      squares += x[row] * sum
      product += x[row] * moment[row]
    }
    return squares > 0 ? product / squares : nil
  }

  /// The equations in units of the prior, t_j = x_j / prior_j, with a pull towards t = 1 that only
  /// decides where the data do not: 1e-9 of what they say on average.
  private func anchored(at prior: [Double]) -> NormalEquations {
    var scaled = self
    var trace = 0.0
    for row in 0..<size {
      scaled.moment[row] *= prior[row]
      for column in 0..<size { scaled.gram[row * size + column] *= prior[row] * prior[column] }
      trace += scaled.gram[row * size + row]
    }
    let total = prior.reduce(0, +)
    let unit = (trace > 0 ? trace : 1) * Self.pull / (total > 0 ? total : 1)
    for row in 0..<size {
      let pull = prior[row] > 0 ? unit * prior[row] : 1
      scaled.gram[row * size + row] += pull
      scaled.moment[row] += pull
    }
    return scaled
  }

  private static let pull = 1e-9

  /// The minimiser, nearest to the prior where it is not unique; unbiased where it is.
  func solution(prior: [Double]) -> [Double] {
    let system = anchored(at: prior)
    let all = Array(0..<size)
    return zip(system.solution(of: all), prior).map { $0 * $1 }
  }

  /// The minimiser among x >= 0.
  func nonNegativeSolution(prior: [Double]) -> [Double] {
    let system = anchored(at: prior)
    return zip(NonNegativeLeastSquares(system).solution(), prior).map { $0 * $1 }
  }

  /// The minimiser over some parameters, the others being 0, by Cholesky's factorisation.
  ///
  /// - Parameter chosen: Ascending; G must be positive definite on them. [some]
  func solution(of chosen: [Int]) -> [Double] {
    let count = chosen.count
    var factor = [Double](repeating: 0, count: count * count)
    var x = chosen.map { moment[$0] }
    for row in 0..<count {
      for column in 0...row {
        var sum = gram[chosen[row] * size + chosen[column]]
        for k in 0..<column { sum -= factor[row * count + k] * factor[column * count + k] }
        if row == column {
          // Rounding can eat a pivot that the pull alone holds up.
          let least = 1e-15 * gram[chosen[row] * size + chosen[row]]
          factor[row * count + row] = max(sum, least, .leastNormalMagnitude).squareRoot()
        } else {
          factor[row * count + column] = sum / factor[column * count + column]
        }
      }
    }
    for row in 0..<count {
      for k in 0..<row { x[row] -= factor[row * count + k] * x[k] }
      x[row] /= factor[row * count + row]
    }
    for row in (0..<count).reversed() {
      for k in row + 1..<max(count, row + 1) { x[row] -= factor[k * count + row] * x[k] }
      x[row] /= factor[row * count + row]
    }
    return x
  }
}
