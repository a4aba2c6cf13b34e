/// What to assume of the blocks before anything is measured.
///
/// - G_b is proportional to d_b. Pre-norm blocks add to one residual stream on equal terms, so the
///   squared gradient per parameter differs between them by a small factor, while their sizes may
///   differ by any; no dependence on depth is assumed, for families disagree about its sign.
/// - zeta_b^2 = G_b: clients differ from the mean by as much as they agree on. Between equal data
///   (0) and labels split by client (several G_b), and the value at which the bias of an assignment and
///   its variance both matter.
/// - sigma_b^2 = (32 / batch) G_b: how many times the squared mean gradient the variance of single
///   examples' gradients is (the gradient noise scale of McCandlish et al. 2018) grows from below ten
///   to hundreds as training goes on; a minibatch divides it by its size.
///
/// The unit is arbitrary, sum_b G_b = 1: choices depend on ratios, and `RoundEstimator` finds the unit
/// from the first rounds.
package struct SensitivityPrior: Sendable, Equatable {
  /// The variance of one example's gradient over the squared norm of the mean.
  package var noiseScale: Double
  /// zeta_b^2 / G_b.
  package var relativeSpread: Double

  package init(noiseScale: Double = 32, relativeSpread: Double = 1) {
    precondition(noiseScale > 0 && relativeSpread >= 0)
    self.noiseScale = noiseScale
    self.relativeSpread = relativeSpread
  }

  /// - Parameters:
  ///   - parameters: d_b, all positive. [blocks]
  ///   - batchSizes: Examples in a minibatch of each client, at least 1. [clients]
  package func sensitivity(parameters: [Int], batchSizes: [Int]) -> BlockSensitivity {
    precondition(!batchSizes.isEmpty && batchSizes.allSatisfy { $0 > 0 })
    precondition(!parameters.isEmpty && parameters.allSatisfy { $0 > 0 })
    let total = parameters.reduce(0.0) { $0 + Double($1) }
    let energy = parameters.map { Double($0) / total }
    let spread = batchSizes.count > 1 ? relativeSpread : 0
    return BlockSensitivity(
      gradientEnergy: energy, clientSpread: energy.map { spread * $0 },
      sampleNoise: batchSizes.map { batch in energy.map { noiseScale / Double(batch) * $0 } })
  }
}
