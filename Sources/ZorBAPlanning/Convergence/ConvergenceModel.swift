package import ZorBAFederation

/// What an assignment of blocks does to convergence: Gamma(A) of the algorithm, section 3.
///
/// With q_kb = p_k a_kb / sum_j p_j a_jb, s_bb' = sum_k q_kb a_kb', zu^2 = zeta^2 K / (K - 1) and
/// D_bb' = sum_k (q_kb a_kb' - s_bb' p_k)^2,
///
///     bias_b = zu_b^2 D_bb
///     var_b  = (d_b / P) sum_b' E_bb' + ((kappa - 2) / P) E_bb + sum_k q_kb^2 sigma_kb^2
///     E_bb'  = s_bb'^2 G_b' + zu_b'^2 D_bb' + sum_k q_kb^2 a_kb' sigma_kb'^2              (shared)
///     E_bb'  = sum_k q_kb^2 a_kb' (G_b' + zeta_b'^2 + sigma_kb'^2)                     (perClient)
///     Gamma  = sum_b omega bias_b + lambda var_b
///
/// in expectation over which client holds which data. omega is 1 for a fixed assignment; rotating
/// ones give it another meaning (`ConvergenceModel+Cycle`). A block that nobody trains does not move:
/// its bias is G_b, its variance 0.
///
/// All of it is a function of sums over clients for pairs of blocks (`PairSums`), so an assignment
/// can be changed entry by entry at O(blocks) each.
package struct ConvergenceModel: Sendable {
  /// Whether directions are shared, by name: this target knows no optimiser.
  package enum Seeding: String, Sendable, CaseIterable {
    case shared
    case perClient
  }

  package let sensitivity: BlockSensitivity
  /// Parameters of every block: d_b. [blocks]
  package let parameters: [Double]
  /// p_k, summing to 1. [clients]
  package let weights: [Double]
  /// lambda = L eta: what a unit of variance weighs against a unit of squared bias.
  package let varianceWeight: Double
  /// P, directions a step.
  package let directions: Double
  package let seeding: Seeding
  /// kappa - 2, or 0 to leave its term out; it is d_b times smaller than the others.
  package let excessKurtosis: Double
  /// Whether the minibatch's own noise sum_k q_kb^2 sigma_kb^2 counts, which P directions of one
  /// minibatch do not average out. It is d_b / P times smaller than the same noise inside E.
  package let countsMinibatchNoise: Bool

  /// - Parameters:
  ///   - weights: p_k up to a common factor; nil for equal ones. [clients]
  ///   - countsMinibatchNoise: nil counts it under `shared` seeding only.
  package init(
    sensitivity: BlockSensitivity, parameters: [Double], weights: [Double]? = nil,
    varianceWeight: Double, directions: Int, seeding: Seeding = .shared,
    excessKurtosis: Double = 0, countsMinibatchNoise: Bool? = nil
  ) {
    let clients = sensitivity.clientCount
    let weights = weights ?? Array(repeating: 1, count: clients)
    precondition(clients > 0 && sensitivity.blockCount > 0 && weights.count == clients)
    precondition(parameters.count == sensitivity.blockCount && directions > 0)
    let total = weights.reduce(0, +)
    self.sensitivity = sensitivity
    self.parameters = parameters
    self.weights = weights.map { $0 / total }
    self.varianceWeight = varianceWeight
    self.directions = Double(directions)
    self.seeding = seeding
    self.excessKurtosis = excessKurtosis
    self.countsMinibatchNoise = countsMinibatchNoise ?? (seeding == .shared)
  }

  package var clientCount: Int { weights.count }
  package var blockCount: Int { parameters.count }

  /// zeta_b^2 K / (K - 1), the unbiased spread; 0 for a single client. [blocks]
  package var unbiasedSpread: [Double] {
    let clients = Double(clientCount)
    return sensitivity.clientSpread.map { clients > 1 ? $0 * clients / (clients - 1) : 0 }
  }

  /// Gamma of a fixed assignment, with omega = 1.
  package func terms(_ matrix: ActivationMatrix) -> ConvergenceTerms { terms(rows: matrix.rows) }

  /// Gamma of a fixed assignment whose rows may be empty. [clients, blocks]
  package func terms(rows: [[Bool]], biasWeight: Double = 1) -> ConvergenceTerms {
    let sums = PairSums(model: self, rows: rows)
    let blocks = 0..<blockCount
    return ConvergenceTerms(
      bias: blocks.map { biasWeight * sums.bias($0) },
      variance: blocks.map { varianceWeight * sums.variance($0) })
  }
}
