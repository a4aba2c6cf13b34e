/// The part of Gamma that a cycle of assignments adds to the mean of its matrices.
///
/// With x_kb^r = q_kb^r - s_b^r p_k, where s says whether anybody trains the block in matrix r, rho_b
/// its mean over the cycle and omega = lambda tau,
///
///     Gamma_rot = mean_r Gamma_omega(A_r) + (1 - omega) sum_b [ (1 - rho_b)^2 G_b + zu_b^2 sum_k (mean_r x_kb^r)^2 ]
///
/// Gamma_omega weighs bias by omega. This is algorithm section 3's Gamma_rot, because the mean square of
/// x is the square of its mean plus its mean square deviation; blocks that rest add their own energy.
struct RotationDrift: Sendable {
  private let clients: Int
  private let blocks: Int
  private let length: Double
  private let factor: Double  // 1 - omega
  private let weights: [Double]
  private let spread: [Double]
  private let energy: [Double]
  private var sums: [Double]  // sum_r x [blocks, clients]
  private var trained: [Double]  // matrices in which somebody has the block [blocks]
  private var cost: [Double]  // [blocks]

  init(_ space: SearchSpace, length: Int) {
    let model = space.model
    clients = model.clientCount
    blocks = model.blockCount
    self.length = Double(length)
    factor = 1 - space.biasWeight
    weights = model.weights
    spread = model.unbiasedSpread
    energy = model.sensitivity.gradientEnergy
    sums = Array(repeating: 0, count: clients * blocks)
    trained = Array(repeating: 0, count: blocks)
    cost = Array(repeating: 0, count: blocks)
    for block in 0..<blocks { update(block) }
  }

  /// What it adds to Gamma.
  var value: Double { cost.reduce(0, +) }

  /// Takes a block's column of one matrix into account (sign 1), or out of it (sign -1).
  mutating func count(_ assignment: AssignmentState, _ block: Int, sign: Double) {
    guard assignment.coverage[block] > 0 else { return }
    trained[block] += sign
    for client in 0..<clients {
      sums[block * clients + client] +=
        sign * (assignment.share(client, block) - weights[client])
    }
  }

  /// Brings a block's cost up to date.
  mutating func update(_ block: Int) {
    let resting = 1 - trained[block] / length
    var squares = 0.0
    for client in 0..<clients {
      let mean = sums[block * clients + client] / length
      squares += mean * mean
    }
    cost[block] = factor * (resting * resting * energy[block] + spread[block] * squares)
  }

  /// The cost of one block.
  func cost(_ block: Int) -> Double { cost[block] }
}
