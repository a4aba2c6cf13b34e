/// What the coordinator makes of the mean of the clients' changes.
///
///     average   d = rate · mean                           FedAvg (McMahan et al. 2017), FedProx
///     adam      m <- b1 m + (1 - b1) mean                 FedAdam (Reddi et al. 2021, algorithm 2)
///               v <- b2 v + (1 - b2) mean mean
///               d = rate · m / (sqrt(v) + tau)
///
/// in binary64, from binary32 and rounded once to binary32. There is no correction of the first
/// rounds' bias, as in the paper; v starts at tau^2, its least allowed value.
package enum ServerRule: Sendable, Hashable {
  case average(rate: Double)
  case adam(rate: Double, firstBeta: Double, secondBeta: Double, tau: Double)

  /// What the state of a tensor starts at; nil when the rule has none.
  package var start: (first: Float, second: Float)? {
    switch self {
    case .average: nil
    case .adam(_, _, _, let tau): (0, Float(tau * tau))
    }
  }

  /// Turns means into the changes to commit, in place.
  ///
  /// - Parameters:
  ///   - first: m of the same elements; empty for a rule without a state.
  ///   - second: v of the same elements.
  package func apply(
    _ values: UnsafeMutableBufferPointer<Float>, first: UnsafeMutableBufferPointer<Float>,
    second: UnsafeMutableBufferPointer<Float>
  ) {
    switch self {
    case .average(let rate):
      guard rate != 1 else { return }
      for index in 0..<values.count { values[index] = Float(rate * Double(values[index])) }
    case .adam(let rate, let firstBeta, let secondBeta, let tau):
      for index in 0..<values.count {
        let mean = Double(values[index])
        let moment = firstBeta * Double(first[index]) + (1 - firstBeta) * mean
        let square = secondBeta * Double(second[index]) + (1 - secondBeta) * mean * mean
        first[index] = Float(moment)
        second[index] = Float(square)
        values[index] = Float(rate * moment / (square.squareRoot() + tau))
      }
    }
  }
}
