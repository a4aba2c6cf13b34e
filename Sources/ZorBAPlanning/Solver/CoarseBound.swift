#if canImport(Glibc)
  import Glibc
#endif

/// A weaker lower bound for very many clients that all differ in weight or noise.
///
/// With Cauchy–Schwarz alone: sum_b |X_b| over the K entries of the diagonal gives (sum_b xi_b)^2 / K, the
/// linear part (sum_b min_k eta_kb / sqrt(p_k) ...)^2 in the same way, and of every block's own cost what
/// holds for every column. Budgets are not used.
struct CoarseBound {
  private let space: SearchSpace

  init(_ space: SearchSpace) { self.space = space }

  func value(_ goal: SearchGoal) -> Double {
    switch goal.objective {
    case .memory:
      return space.fixedBytes
    case .gamma:
      let model = space.model
      let features = PairFeatures(model, alpha: 1)
      let scale = model.varianceWeight / model.directions
      let weights = model.weights
      let spread = model.unbiasedSpread
      let squares = weights.reduce(0) { $0 + $1 * $1 }
      var xi = 0.0
      var eta = 0.0
      for block in 0..<model.blockCount {
        xi += features.xi[block]
        // |Y_b|_1 = sum eta_k / N >= min_k eta_k / p_k, since N is the sum of p over the same clients.
        eta += weights.indices.reduce(Double.infinity) {
          min($0, features.eta[$1][block] / weights[$1])
        }
      }
      guard !space.allowsResting else { return 0 }
      let clients = Double(model.clientCount)
      let norms = scale * (xi * xi + eta * eta) / clients
      // The largest coverage leaves the least bias: everybody, and then D is 0.
      let bias = (0..<model.blockCount).reduce(0.0) { sum, block in
        let most = (0..<model.clientCount).filter { client in
          space.units.indices.contains {
            space.units[$0].contains(block) && space.isAllowed[client][$0]
          }
        }
        let weight = most.reduce(0) { $0 + weights[$1] }
        guard weight < 1 - 1e-12, weight > 0 else { return sum }
        // D = sum (q - p)^2 >= sum over those left out of p^2.
        let left = squares - most.reduce(0) { $0 + weights[$1] * weights[$1] }
        return sum + space.biasWeight * spread[block] * left
      }
      return norms + bias
    }
  }
}
