extension ConvergenceModel {
  /// Gamma_rot of a cycle of assignments that each stay for `window` rounds.
  ///
  /// With x_kb^r = q_kb^r - s_b^r p_k (s: whether anybody has the block), bars meaning means over the
  /// cycle, rho = mean s and omega = lambda window,
  ///
  ///     bias_b = zu_b^2 sum_k xbar_kb^2 + (1 - rho_b)^2 G_b
  ///     var_b  = mean_r var_b(A_r)
  ///     drift_b = omega [ mean_r zu_b^2 sum_k (x_kb^r - xbar_kb)^2 + rho_b (1 - rho_b) G_b ]
  ///
  /// The drift counts as variance. For a cycle of one this is Gamma of the assignment.
  /// [cycle][clients, blocks]
  package func terms(cycle: [[[Bool]]], window: Int = 1) -> ConvergenceTerms {
    guard cycle.count > 1 else { return terms(rows: cycle.first ?? []) }
    let length = Double(cycle.count)
    let omega = varianceWeight * Double(window)
    let spread = unbiasedSpread
    let shares = cycle.map { self.shares(rows: $0) }  // [cycle][blocks][clients]
    let parts = cycle.map { PairSums(model: self, rows: $0) }
    var result = ConvergenceTerms(bias: [], variance: [])
    for block in 0..<blockCount {
      let energy = sensitivity.gradientEnergy[block]
      let present = shares.count { $0[block].contains { $0 > 0 } }
      let rho = Double(present) / length
      var squareOfMean = 0.0
      var meanOfSquares = 0.0
      for client in 0..<clientCount {
        let x = shares.map { matrix in
          matrix[block].contains { $0 > 0 } ? matrix[block][client] - weights[client] : 0
        }
        let mean = x.reduce(0, +) / length
        squareOfMean += mean * mean
        meanOfSquares += x.reduce(0) { $0 + $1 * $1 } / length
      }
      let variance = parts.reduce(0) { $0 + $1.variance(block) } / length
      let drift =
        spread[block] * max(0, meanOfSquares - squareOfMean) + rho * (1 - rho) * energy
      result.bias.append(spread[block] * squareOfMean + (1 - rho) * (1 - rho) * energy)
      result.variance.append(varianceWeight * variance + omega * drift)
    }
    return result
  }

  /// q_kb by block; zeros for a block that nobody has. [blocks][clients]
  private func shares(rows: [[Bool]]) -> [[Double]] {
    (0..<blockCount).map { block in
      let total = weights.indices.reduce(0) { rows[$1][block] ? $0 + weights[$1] : $0 }
      return weights.indices.map { rows[$0][block] ? weights[$0] / total : 0 }
    }
  }
}
