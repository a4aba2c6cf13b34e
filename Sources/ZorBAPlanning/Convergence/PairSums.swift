/// The sums over clients from which Gamma follows, for one assignment, kept up to date entry by entry.
///
///     coverage_b   = sum_k p_k a_kb
///     shared_bb'   = sum_k p_k a_kb a_kb'                  symmetric
///     squared_bb'  = sum_k p_k^2 a_kb a_kb'                symmetric
///     noise_bb'    = sum_k p_k^2 n_kb' a_kb a_kb'          n = sigma^2, or G + zeta^2 + sigma^2 perClient
///     own_b        = sum_k p_k^2 sigma_kb^2 a_kb
package struct PairSums: Sendable {
  private let model: ConvergenceModel
  private let blocks: Int
  /// The assignment. [clients, blocks]
  package private(set) var rows: [[Bool]]
  /// Clients of every block: n_b. [blocks]
  package private(set) var clients: [Int]
  private var coverage: [Double]
  private var shared: [Double]  // [blocks, blocks]
  private var squared: [Double]  // [blocks, blocks]
  private var noise: [Double]  // [blocks, blocks]
  private var own: [Double]
  private let spread: [Double]
  private let squaredWeights: Double

  package init(model: ConvergenceModel, rows: [[Bool]]) {
    let blocks = model.blockCount
    self.model = model
    self.blocks = blocks
    self.rows = Array(
      repeating: Array(repeating: false, count: blocks), count: model.clientCount)
    clients = Array(repeating: 0, count: blocks)
    coverage = Array(repeating: 0, count: blocks)
    shared = Array(repeating: 0, count: blocks * blocks)
    squared = shared
    noise = shared
    own = coverage
    spread = model.unbiasedSpread
    squaredWeights = model.weights.reduce(0) { $0 + $1 * $1 }
    for (client, row) in rows.enumerated() {
      for block in row.indices where row[block] { flip(client, block) }
    }
  }

  /// Adds a client to a block, or takes it away.
  package mutating func flip(_ client: Int, _ block: Int) {
    let adds = !rows[client][block]
    let weight = model.weights[client]
    let sign = adds ? 1.0 : -1.0
    let p = sign * weight
    let p2 = sign * weight * weight
    if adds { rows[client][block] = true }
    for other in 0..<blocks where rows[client][other] {
      shared[block * blocks + other] += p
      squared[block * blocks + other] += p2
      noise[block * blocks + other] += p2 * pairNoise(client, other)
      guard other != block else { continue }
      shared[other * blocks + block] += p
      squared[other * blocks + block] += p2
      noise[other * blocks + block] += p2 * pairNoise(client, block)
    }
    if !adds { rows[client][block] = false }
    clients[block] += adds ? 1 : -1
    coverage[block] += p
    own[block] += p2 * model.sensitivity.sampleNoise[client][block]
  }

  private func pairNoise(_ client: Int, _ block: Int) -> Double {
    let sensitivity = model.sensitivity
    let noise = sensitivity.sampleNoise[client][block]
    return model.seeding == .shared
      ? noise : noise + sensitivity.gradientEnergy[block] + sensitivity.clientSpread[block]
  }

  /// bias_b with omega = 1.
  package func bias(_ block: Int) -> Double {
    guard clients[block] > 0 else { return model.sensitivity.gradientEnergy[block] }
    return spread[block] * disagreement(block, block)
  }

  /// var_b.
  package func variance(_ block: Int) -> Double {
    guard clients[block] > 0 else { return 0 }
    var total = 0.0
    for other in 0..<blocks { total += energy(block, other) }
    var variance = model.parameters[block] / model.directions * total
    variance += model.excessKurtosis / model.directions * energy(block, block)
    if model.countsMinibatchNoise { variance += own[block] / (coverage[block] * coverage[block]) }
    return variance
  }

  /// D_bb', clipped at 0 against rounding.
  private func disagreement(_ block: Int, _ other: Int) -> Double {
    let pair = block * blocks + other
    let coverage = coverage[block]
    let s = shared[pair] / coverage
    let q2 = squared[pair] / (coverage * coverage)
    return max(0, q2 - 2 * s * squared[pair] / coverage + s * s * squaredWeights)
  }

  /// E_bb'.
  private func energy(_ block: Int, _ other: Int) -> Double {
    let pair = block * blocks + other
    let coverage = coverage[block]
    let noise = noise[pair] / (coverage * coverage)
    guard model.seeding == .shared else { return noise }
    let s = shared[pair] / coverage
    return s * s * model.sensitivity.gradientEnergy[other]
      + spread[other] * disagreement(block, other) + noise
  }
}
