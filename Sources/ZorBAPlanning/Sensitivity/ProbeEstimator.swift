/// Estimates a block's gradient energy, spread and noise from scalars of that block moved alone.
///
/// In one direction, with scalars c_k of the clients' minibatches, n_k their noise from halves
/// (`HalvedScalar`) and c = sum_k p_k c_k:
///
///     G_b       = c^2 - sum_k p_k^2 n_k
///     zeta_b^2  = (1/K) sum_k [ (c_k - c)^2 - (1 - 2 p_k) n_k ] - sum_k p_k^2 n_k
///     sigma_kb^2 = n_k
///
/// averaged over directions. All are unbiased (to O(mu^2), and if weights do not depend on the draw).
/// The first is T1 of the algorithm, section 3, averaged over all ways to call one half of each client
/// the first: T1 itself with less noise, the relative variance per direction falling from
/// 1 + (1 + rho)^2 to about 2 (1 + rho/2)^2, rho = 2 sigma^2 / (K G).
///
/// For any p, zeta_b^2 is the uniform mean over clients of |grad_b f_k - grad_b F|^2 about the
/// p-weighted gradient of F, which is what `BlockSensitivity` defines; T2 - T1 would weigh clients
/// by p_k. For uniform p they agree.
package struct ProbeEstimator: Sendable {
  /// p_k, summing to 1. [clients]
  package let weights: [Double]
  /// The share of its examples that a client's minibatch holds (`HalvedScalar.noise`). [clients]
  package let sampledShares: [Double]

  /// - Parameters:
  ///   - weights: p_k up to a common factor. [clients]
  ///   - sampledShares: nil takes minibatches for draws from a distribution. [clients]
  package init(weights: [Double], sampledShares: [Double]? = nil) {
    let total = weights.reduce(0, +)
    precondition(!weights.isEmpty && total > 0 && weights.allSatisfy { $0 >= 0 })
    self.weights = weights.map { $0 / total }
    self.sampledShares = sampledShares ?? Array(repeating: 0, count: weights.count)
    precondition(self.sampledShares.count == weights.count)
  }

  /// What a block's probe found.
  package struct BlockEstimate: Sendable, Equatable {
    /// G_b.
    package var gradientEnergy: Estimated
    /// zeta_b^2; 0 for a single client.
    package var clientSpread: Estimated
    /// sigma_kb^2. [clients]
    package var sampleNoise: [Estimated]
    /// The mean over clients of sigma_kb^2.
    package var meanSampleNoise: Estimated
  }

  /// - Parameter scalars: At least two directions, each with a minibatch of its own.
  ///   [directions][clients]
  package func estimate(_ scalars: [[HalvedScalar]]) -> BlockEstimate {
    let count = weights.count
    precondition(scalars.count > 1 && scalars.allSatisfy { $0.count == count })
    let directions = Double(scalars.count)
    let clients = Double(count)
    var means: [Double] = []
    var deviations: [Double] = []
    for row in scalars {
      let mean = zip(row, weights).reduce(0) { $0 + $1.0.whole * $1.1 }
      means.append(mean * mean)
      deviations.append(
        row.reduce(0) { $0 + ($1.whole - mean) * ($1.whole - mean) } / clients)
    }
    let noise = weights.indices.map { client in
      VarianceComponent(
        samples: scalars.map { $0[client].noise(sampledShare: sampledShares[client]) },
        degrees: directions, within: 1...directions)
    }
    let energy = VarianceComponent(samples: means, degrees: directions, within: 1...directions)
    let energyNoise = VarianceComponent(noise, coefficients: weights.map { $0 * $0 })
    // The clients' deviations add between 1 and K - 1 degrees a direction, as alike as they are.
    let spread = VarianceComponent(
      samples: deviations, degrees: nil, within: directions...directions * max(1, clients - 1))
    let spreadNoise = VarianceComponent(
      noise, coefficients: weights.map { (1 - 2 * $0) / clients + $0 * $0 })
    let meanNoise = VarianceComponent(
      noise, coefficients: Array(repeating: 1 / clients, count: count))
    return BlockEstimate(
      gradientEnergy: energy.minus(energyNoise), clientSpread: spread.minus(spreadNoise),
      sampleNoise: noise.map { Estimated(value: $0.value, interval: $0.interval) },
      meanSampleNoise: Estimated(value: meanNoise.value, interval: meanNoise.interval))
  }
}

extension BlockSensitivity {
  /// The sensitivity a probe found; estimates below 0 become 0 here and nowhere before.
  package init(_ blocks: [ProbeEstimator.BlockEstimate]) {
    let clients = blocks.first?.sampleNoise.count ?? 0
    self.init(
      gradientEnergy: blocks.map { max(0, $0.gradientEnergy.value) },
      clientSpread: blocks.map { max(0, $0.clientSpread.value) },
      sampleNoise: (0..<clients).map { client in
        blocks.map { max(0, $0.sampleNoise[client].value) }
      })
  }
}

extension SensitivityIntervals {
  /// The intervals a probe found.
  package init(_ blocks: [ProbeEstimator.BlockEstimate]) {
    self.init(
      gradientEnergy: blocks.map(\.gradientEnergy.interval),
      clientSpread: blocks.map(\.clientSpread.interval),
      sampleNoise: blocks.map(\.meanSampleNoise.interval))
  }
}
