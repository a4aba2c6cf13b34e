/// The scalar a forward-only step is made of: a central difference along one direction.
///
/// c = (f(w + mu z) - f(w - mu z)) / (2 mu), in binary64. With E[z z'] = I, c z estimates the
/// gradient with a bias of order mu^2 (algorithm, section 2).
package struct TwoSidedEstimator: Hashable, Sendable {
  /// The losses on the two sides of one direction.
  package struct Losses: Hashable, Sendable {
    /// f(w + mu z).
    package var plus: Double
    /// f(w - mu z).
    package var minus: Double

    package init(plus: Double, minus: Double) {
      self.plus = plus
      self.minus = minus
    }
  }

  /// mu, the distance to either side.
  package let perturbationScale: Double

  package init(perturbationScale: Double) {
    precondition(perturbationScale > 0 && perturbationScale.isFinite)
    self.perturbationScale = perturbationScale
  }

  /// c; not finite when a loss is not.
  package func scalar(_ losses: Losses) -> Double {
    (losses.plus - losses.minus) / (2 * perturbationScale)
  }
}
