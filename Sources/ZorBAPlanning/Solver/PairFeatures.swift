#if canImport(Glibc)
  import Glibc
#endif

/// The convex part of Gamma that a relaxation may average: coefficients of the pair terms.
///
/// For blocks b != o, with S1 = sum_k p_k a_kb a_ko (shared seeds) and alpha, theta in [0, 1],
///
///     N_b^2 E_bo >= S1^2 g + sum_k a_kb a_ko h_ko,
///     g_o  = alpha (G_o + theta zu_o^2 (sum p^2 - 2 max p))
///     h_ko = theta zu_o^2 min p p_k + p_k^2 sigma_ko^2 + (1 - alpha) (...)_o p_k^2
///
/// because the spread term is at least that quadratic in S1 (equal for uniform p), may be dropped in part,
/// and S1^2 >= sum_k p_k^2 a_kb a_ko: overlaps are whole clients. Then d_b E_bo + d_o E_ob is at least
/// twice the geometric mean, so that the sum over all pairs is a squared norm of sums over blocks:
///
///     sum_{b,o} >= |sum_b X_b|^2 + |sum_b Y_b|^2 with
///     X_b = xi_b / N_b (sqrt(p) a_b)(sqrt(p) a_b)',  xi_b = sqrt(d_b g_b)
///     Y_b = (eta_kb a_kb / N_b)_k,                   eta_kb = sqrt(d_b h_kb)
///
/// For alpha = 1 and uniform p this is the bound of the algorithm, section 5.
struct PairFeatures: Sendable {
  /// xi by block.
  let xi: [Double]
  /// eta. [clients, blocks]
  let eta: [[Double]]

  init(_ model: ConvergenceModel, alpha: Double) {
    let weights = model.weights
    let squares = weights.reduce(0) { $0 + $1 * $1 }
    let smallest = weights.min() ?? 0
    let largest = weights.max() ?? 0
    let spread = model.unbiasedSpread
    let sensitivity = model.sensitivity
    let blocks = 0..<model.blockCount
    guard model.seeding == .shared else {
      xi = blocks.map { _ in 0 }
      eta = weights.indices.map { client in
        blocks.map { block in
          let energy =
            sensitivity.sampleNoise[client][block] + sensitivity.gradientEnergy[block]
            + sensitivity.clientSpread[block]
          return sqrt(model.parameters[block] * energy) * weights[client]
        }
      }
      return
    }
    var xi: [Double] = []
    var split: [(linear: Double, theta: Double)] = []
    for block in blocks {
      let energy = sensitivity.gradientEnergy[block]
      let drop = spread[block] * (2 * largest - squares)
      let theta = drop <= energy ? 1 : energy / drop
      let quadratic = max(0, energy - theta * drop)
      xi.append(sqrt(model.parameters[block] * alpha * quadratic))
      split.append(((1 - alpha) * quadratic, theta))
    }
    self.xi = xi
    eta = weights.indices.map { client in
      let p = weights[client]
      return blocks.map { block in
        let h =
          split[block].theta * spread[block] * smallest * p
          + p * p * (sensitivity.sampleNoise[client][block] + split[block].linear)
        return sqrt(model.parameters[block] * h)
      }
    }
  }
}
