/// Gamma and its parts, block by block (algorithm, section 3).
package struct ConvergenceTerms: Sendable, Equatable {
  /// Squared bias of the update's mean, weighted. [blocks]
  package var bias: [Double]
  /// lambda times the variance of the update. [blocks]
  package var variance: [Double]

  package init(bias: [Double], variance: [Double]) {
    self.bias = bias
    self.variance = variance
  }

  /// sum_b bias_b + lambda var_b.
  package var value: Double { totalBias + totalVariance }
  /// The bias of all blocks.
  package var totalBias: Double { bias.reduce(0, +) }
  /// lambda times the variance of all blocks.
  package var totalVariance: Double { variance.reduce(0, +) }
}
