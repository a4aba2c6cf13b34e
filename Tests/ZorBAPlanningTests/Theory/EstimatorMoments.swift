import ZorBAPlanning
import ZorBATestSupport

/// Bias and variance of a round's estimate, measured over labels, minibatches and directions.
///
/// Every draw deals the clients' data to the rows anew and makes two independent rounds, with errors
/// e and e' against grad F. Then e·e' has expectation |E e|^2 and |e - e'|^2 / 2 that of the variance,
/// whatever the labels: both are unbiased, and their spread over draws gives the standard error.
struct EstimatorMoments {
  /// [blocks]
  var bias: [Sample]
  /// [blocks]
  var variance: [Sample]
  /// Sums over blocks of the same draw.
  var totalBias = Sample()
  var totalVariance = Sample()

  init(
    round: ZerothOrderRound, at point: [Double], rows: [[Bool]], draws: Int, seed: UInt64
  ) {
    var random = SeededGenerator(seed: seed)
    let federation = round.federation
    bias = federation.sizes.map { _ in Sample() }
    variance = bias
    for _ in 0..<draws {
      let labels = Array(rows.indices).shuffled(using: &random)
      let gradient = federation.gradient(at: point, labels: labels)
      let first = round.estimate(at: point, rows: rows, labels: labels, using: &random)
      let second = round.estimate(at: point, rows: rows, labels: labels, using: &random)
      var biases = 0.0
      var variances = 0.0
      for block in 0..<federation.blocks {
        var product = 0.0
        var square = 0.0
        for index in federation.range(block) {
          product += (first[index] - gradient[index]) * (second[index] - gradient[index])
          square += (first[index] - second[index]) * (first[index] - second[index]) / 2
        }
        bias[block].append(product)
        variance[block].append(square)
        biases += product
        variances += square
      }
      totalBias.append(biases)
      totalVariance.append(variances)
    }
  }
}

/// Predictions against measurements of many assignments, in standard errors.
///
/// The scores of correct predictions are nearly standard normal and independent between assignments.
/// A wrong one shows in `pooled`, which grows with the square root of their number.
struct Scores {
  private(set) var values: [Double] = []
  private var measured = 0.0
  private var predicted = 0.0
  private var squaredError = 0.0

  mutating func append(_ sample: Sample, predicted value: Double) {
    let error = sample.standardError
    // Assignments without bias are exact up to rounding.
    guard error > 1e-12 else {
      if abs(sample.mean - value) > 1e-9 { values.append(.infinity) }
      return
    }
    values.append((sample.mean - value) / error)
    measured += sample.mean
    predicted += value
    squaredError += error * error
  }

  var largest: Double { values.map(abs).max() ?? .infinity }
  var meanSquare: Double { values.reduce(0) { $0 + $1 * $1 } / Double(values.count) }
  /// Of the sum over assignments.
  var pooled: Double { (measured - predicted) / squaredError.squareRoot() }
  /// (measured - predicted) / predicted, summed over assignments.
  var relative: Double { (measured - predicted) / predicted }
  /// The standard error of `relative`.
  var relativeError: Double { squaredError.squareRoot() / predicted }
}
