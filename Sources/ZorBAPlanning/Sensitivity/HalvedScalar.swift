/// A finite difference of one client in one direction, with those of the two halves of its minibatch.
///
/// The minibatch mean splits as `whole = w first + (1 - w) second`, w being the first half's share
/// of examples (or of scored tokens). Then
///
///     (first - whole)(whole - second) = w (1 - w) (first - second)^2
///
/// is, for any w and given the direction, an unbiased estimate of the variance of `whole` about the
/// scalar of the client's distribution: halves are independent, and the half of share w has 1/w times
/// the variance of the whole. For w = 1/2 it is (X1 - X2)^2 / 4, and whole^2 minus it is X1 X2
/// (algorithm, section 3).
package struct HalvedScalar: Sendable, Equatable {
  package var whole: Double
  package var first: Double
  package var second: Double

  package init(whole: Double, first: Double, second: Double) {
    self.whole = whole
    self.first = first
    self.second = second
  }

  /// Equal halves.
  package init(first: Double, second: Double) {
    self.init(whole: (first + second) / 2, first: first, second: second)
  }

  /// Variance of `whole`, estimated from its halves.
  ///
  /// - Parameter sampledShare: The minibatch's share of the client's examples when the gradient that
  ///   counts is that of these very examples: drawn without replacement, a share f of them leaves
  ///   1 - f of the variance. 0 when it is that of the distribution the examples came from.
  package func noise(sampledShare: Double) -> Double {
    (1 - sampledShare) * (first - whole) * (whole - second)
  }
}
