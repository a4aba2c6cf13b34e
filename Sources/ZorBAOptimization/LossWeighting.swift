#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Weights that follow losses, so that sites the model serves badly count more (q-fairness).
///
/// q-FFL (Li, Sanjabi, Beirami, Smith 2020) minimises sum_k p_k F_k^(q+1) / (q+1). Its gradient is
/// sum_k p_k F_k^q grad F_k: that of the plain objective under the weights p_k F_k^q, which is how it
/// is done here, with a round's mean losses for F_k:
///
///     w_k = p_k min(F_k, 4 median_j F_j)^q,    aggregated as q_kb = w_k / sum_j w_j
///
/// Normalising takes the place of the paper's estimate of a Lipschitz constant: the step stays eta
/// long. The bound is there because a site says itself what its loss is, and would otherwise weigh
/// what it likes; so is the floor of 1/1024 of the median, without which one that says 0 drops out.
package struct LossWeighting: Hashable, Sendable {
  /// q, above 0.
  package let exponent: Double

  package init(exponent: Double) { self.exponent = exponent }

  /// What each weight is multiplied by, at most 1.
  ///
  /// - Parameter losses: As sites sent them, in binary32, so that a simulation weighs as a network
  ///   does; one that is not a number counts as the median.
  package func factors(_ losses: [Float]) -> [Double] {
    let known = losses.filter(\.isFinite).map(Double.init).sorted()
    let median = known.isEmpty ? 1 : known[(known.count - 1) / 2]
    guard median > 0 else { return losses.map { _ in 1 } }
    return losses.map { loss in
      let loss = loss.isFinite ? Double(loss) : median
      return pow(min(max(loss / median, 0x1p-10), 4) / 4, exponent)
    }
  }
}
