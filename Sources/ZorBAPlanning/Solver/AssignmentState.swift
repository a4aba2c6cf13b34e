/// An assignment whose Gamma is kept up to date while entries are flipped.
///
/// With S1_bo = sum_k p_k a_kb a_ko, S2_bo = sum_k p_k^2 a_kb a_ko, S3_bo = sum_k p_k^2 n_ko a_kb a_ko and
/// N_b = sum_k p_k a_kb, the formulas of `ConvergenceModel` become
///
///     E_bo = phi_bo / N_b^2,  phi_bo = S1^2 (G_o + zu_o^2 sum p^2) + zu_o^2 S2 (1 - 2 S1) + S3    (shared)
///                             phi_bo = S3                                                     (perClient)
///
/// so that adding client k to block b touches the pairs of b with the blocks of k only: O(|A_k|).
struct AssignmentState: Sendable {
  let clients: Int
  let blocks: Int
  /// a_kb. [clients, blocks]
  private(set) var active: [Bool]
  /// n_b. [blocks]
  private(set) var coverage: [Int]

  private let constants: Constants
  private var shared: [Double]  // S1 [blocks, blocks]
  private var squared: [Double]  // S2 [blocks, blocks]
  private var noisy: [Double]  // S3 [blocks, blocks]
  private var weight: [Double]  // N [blocks]
  private var own: [Double]  // sum_k p_k^2 sigma_kb^2 a_kb [blocks]
  private var total: [Double]  // sum_o phi_bo [blocks]
  private var cost: [Double]  // Gamma's part of a block [blocks]

  /// What of a model and a weighting of bias the sums are multiplied with.
  struct Constants: Sendable {
    let isShared: Bool
    let weights: [Double]
    let squaredWeights: Double
    let quadratic: [Double]  // G + zu^2 sum p^2 [blocks]
    let spread: [Double]  // zu^2 [blocks]
    let noise: [Double]  // n_kb [clients, blocks]
    let sampleNoise: [Double]  // sigma_kb^2 [clients, blocks]
    let scale: [Double]  // lambda d_b / P [blocks]
    let kurtosis: Double  // lambda (kappa - 2) / P
    let ownScale: Double  // lambda, or 0
    let biasWeight: Double
    let energy: [Double]  // G_b [blocks]

    init(_ model: ConvergenceModel, biasWeight: Double) {
      let squares = model.weights.reduce(0) { $0 + $1 * $1 }
      let spread = model.unbiasedSpread
      let sensitivity = model.sensitivity
      isShared = model.seeding == .shared
      weights = model.weights
      squaredWeights = squares
      self.spread = spread
      quadratic = zip(sensitivity.gradientEnergy, spread).map { $0 + $1 * squares }
      sampleNoise = sensitivity.sampleNoise.flatMap { $0 }
      noise =
        isShared
        ? sampleNoise
        : sensitivity.sampleNoise.flatMap { row in
          row.indices.map {
            row[$0] + sensitivity.gradientEnergy[$0] + sensitivity.clientSpread[$0]
          }
        }
      scale = model.parameters.map { model.varianceWeight * $0 / model.directions }
      kurtosis = model.varianceWeight * model.excessKurtosis / model.directions
      ownScale = model.countsMinibatchNoise ? model.varianceWeight : 0
      self.biasWeight = biasWeight
      energy = sensitivity.gradientEnergy
    }
  }

  /// The empty assignment.
  init(constants: Constants, clients: Int, blocks: Int) {
    self.constants = constants
    self.clients = clients
    self.blocks = blocks
    active = Array(repeating: false, count: clients * blocks)
    coverage = Array(repeating: 0, count: blocks)
    shared = Array(repeating: 0, count: blocks * blocks)
    squared = shared
    noisy = shared
    weight = Array(repeating: 0, count: blocks)
    own = weight
    total = weight
    cost = constants.energy.map { $0 * constants.biasWeight }
  }

  /// Gamma.
  var gamma: Double { cost.reduce(0, +) }

  /// a_kb.
  func isActive(_ client: Int, _ block: Int) -> Bool { active[client * blocks + block] }

  /// q_kb; 0 for a block that nobody has.
  func share(_ client: Int, _ block: Int) -> Double {
    isActive(client, block) ? constants.weights[client] / weight[block] : 0
  }

  /// The rows. [clients, blocks]
  var rows: [[Bool]] {
    (0..<clients).map { Array(active[$0 * blocks..<($0 + 1) * blocks]) }
  }

  /// What flipping an entry does to Gamma.
  func change(_ client: Int, _ block: Int) -> Double {
    let sign = active[client * blocks + block] ? -1.0 : 1.0
    let p = sign * constants.weights[client]
    let p2 = p * constants.weights[client]
    let row = client * blocks
    let noiseHere = p2 * constants.noise[row + block]
    var sum = total[block]
    var change = 0.0
    for other in 0..<blocks where active[row + other] && other != block {
      let here = block * blocks + other
      let there = other * blocks + block
      let s1 = shared[here] + p
      let s2 = squared[here] + p2
      sum +=
        phi(other, s1, s2, noisy[here] + p2 * constants.noise[row + other])
        - phi(other, shared[here], squared[here], noisy[here])
      let rise =
        phi(block, s1, s2, noisy[there] + noiseHere)
        - phi(block, shared[here], squared[here], noisy[there])
      change += constants.scale[other] * rise / (weight[other] * weight[other])
    }
    let diagonal = block * blocks + block
    let s1 = shared[diagonal] + p
    let s2 = squared[diagonal] + p2
    let s3 = noisy[diagonal] + noiseHere
    let self2 = phi(block, s1, s2, s3)
    sum += self2 - phi(block, shared[diagonal], squared[diagonal], noisy[diagonal])
    let after = blockCost(
      block, count: coverage[block] + (sign > 0 ? 1 : -1), total: sum, diagonal: self2, squared: s2,
      weight: s1, own: own[block] + p2 * constants.sampleNoise[row + block])
    return change + after - cost[block]
  }

  /// Flips an entry.
  mutating func flip(_ client: Int, _ block: Int) {
    let row = client * blocks
    let sign = active[row + block] ? -1.0 : 1.0
    let p = sign * constants.weights[client]
    let p2 = p * constants.weights[client]
    let noiseHere = p2 * constants.noise[row + block]
    for other in 0..<blocks where active[row + other] && other != block {
      let here = block * blocks + other
      let there = other * blocks + block
      let before = phi(other, shared[here], squared[here], noisy[here])
      let beforeThere = phi(block, shared[there], squared[there], noisy[there])
      shared[here] += p
      shared[there] = shared[here]
      squared[here] += p2
      squared[there] = squared[here]
      noisy[here] += p2 * constants.noise[row + other]
      noisy[there] += noiseHere
      total[block] += phi(other, shared[here], squared[here], noisy[here]) - before
      let rise = phi(block, shared[there], squared[there], noisy[there]) - beforeThere
      total[other] += rise
      cost[other] += constants.scale[other] * rise / (weight[other] * weight[other])
    }
    let diagonal = block * blocks + block
    let before = phi(block, shared[diagonal], squared[diagonal], noisy[diagonal])
    shared[diagonal] += p
    squared[diagonal] += p2
    noisy[diagonal] += noiseHere
    let self2 = phi(block, shared[diagonal], squared[diagonal], noisy[diagonal])
    total[block] += self2 - before
    weight[block] += p
    own[block] += p2 * constants.sampleNoise[row + block]
    coverage[block] += sign > 0 ? 1 : -1
    active[row + block].toggle()
    if coverage[block] == 0 { clear(block) }
    cost[block] = blockCost(
      block, count: coverage[block], total: total[block], diagonal: self2,
      squared: squared[diagonal], weight: weight[block], own: own[block])
  }

  /// Puts exact zeros where rounding would leave crumbs.
  private mutating func clear(_ block: Int) {
    weight[block] = 0
    own[block] = 0
    total[block] = 0
    for other in 0..<blocks {
      shared[block * blocks + other] = 0
      shared[other * blocks + block] = 0
      squared[block * blocks + other] = 0
      squared[other * blocks + block] = 0
      noisy[block * blocks + other] = 0
      noisy[other * blocks + block] = 0
    }
  }

  @inline(__always)
  private func phi(_ block: Int, _ s1: Double, _ s2: Double, _ s3: Double) -> Double {
    guard constants.isShared else { return s3 }
    return s1 * s1 * constants.quadratic[block] + constants.spread[block] * s2 * (1 - 2 * s1) + s3
  }

  @inline(__always)
  private func blockCost(
    _ block: Int, count: Int, total: Double, diagonal: Double, squared: Double, weight: Double,
    own: Double
  ) -> Double {
    guard count > 0 else { return constants.biasWeight * constants.energy[block] }
    let reciprocal = 1 / (weight * weight)
    let variance =
      constants.scale[block] * total + constants.kurtosis * diagonal + constants.ownScale * own
    let disagreement = squared * (1 - 2 * weight) * reciprocal + constants.squaredWeights
    return variance * reciprocal + constants.biasWeight * constants.spread[block]
      * max(0, disagreement)
  }
}
