import ZorBAPlanning
import ZorBATestSupport

/// One round of the algorithm's section 2 on a quadratic federation: masked directions, scalars from
/// two-sided differences, aggregation per block.
struct ZerothOrderRound {
  enum Distribution: CaseIterable {
    case rademacher, popcount, gaussian

    /// E z^4.
    var kurtosis: Double {
      switch self {
      case .rademacher: 1
      case .popcount: 2.918709
      case .gaussian: 3
      }
    }
  }

  let federation: QuadraticFederation
  /// P.
  var directions = 1
  var seeding = ConvergenceModel.Seeding.shared
  var distribution = Distribution.rademacher
  /// mu. Two-sided differences of quadratics are exact whatever it is; nil takes the slopes at once.
  var perturbation: Double?

  /// The estimate of grad F by which the round moves the weights, per unit of learning rate.
  ///
  /// - Parameters:
  ///   - rows: who trains what. [clients][blocks]
  ///   - labels: whose data each row holds. [clients]
  /// - Returns: [parameters]
  func estimate(
    at point: [Double], rows: [[Bool]], labels: [Int], using random: inout SeededGenerator
  ) -> [Double] {
    let federation = federation
    let shares = shares(rows)
    let minibatches = rows.indices.map { minibatch($0, rows[$0], using: &random) }
    let slopes: [[Double]] =
      perturbation == nil
      ? rows.indices.map { slope(labels[$0], at: point, minibatch: minibatches[$0]) } : []
    var estimate = Array(repeating: 0.0, count: federation.parameters)
    for _ in 0..<directions {
      var z = direction(using: &random)
      // What the block's direction is multiplied by. [blocks]
      var factors = Array(repeating: 0.0, count: federation.blocks)
      for client in rows.indices {
        if seeding == .perClient && client > 0 { z = direction(using: &random) }
        var scalar = 0.0
        if let mu = perturbation {
          let sides = [mu, -mu].map {
            federation.loss(
              label: labels[client], row: rows[client], at: point, step: $0, direction: z,
              minibatch: minibatches[client])
          }
          scalar = (sides[0] - sides[1]) / (2 * mu)
        } else {
          for block in 0..<federation.blocks where rows[client][block] {
            for index in federation.range(block) { scalar += slopes[client][index] * z[index] }
          }
        }
        for block in 0..<federation.blocks where rows[client][block] {
          let factor = shares[block][client] * scalar / Double(directions)
          if seeding == .perClient {
            for index in federation.range(block) { estimate[index] += factor * z[index] }
          } else {
            factors[block] += factor
          }
        }
      }
      guard seeding == .shared else { continue }
      for block in 0..<federation.blocks {
        for index in federation.range(block) { estimate[index] += factors[block] * z[index] }
      }
    }
    return estimate
  }

  /// q_kb. [blocks][clients]
  private func shares(_ rows: [[Bool]]) -> [[Double]] {
    (0..<federation.blocks).map { block in
      let present = rows.indices.map { rows[$0][block] ? federation.weights[$0] : 0 }
      let total = present.reduce(0, +)
      return present.map { total > 0 ? $0 / total : 0 }
    }
  }

  /// xi of one client: sigma_kb^2 spread evenly over its active blocks. [parameters]
  private func minibatch(
    _ client: Int, _ row: [Bool], using random: inout SeededGenerator
  ) -> [Double] {
    var values = Array(repeating: 0.0, count: federation.parameters)
    for block in 0..<federation.blocks where row[block] {
      let variance = federation.noise[client][block] / Double(federation.sizes[block])
      let scale = variance.squareRoot()
      for index in federation.range(block) { values[index] = scale * random.popcount() }
    }
    return values
  }

  /// A client's gradient on its minibatch. [parameters]
  private func slope(_ label: Int, at point: [Double], minibatch: [Double]) -> [Double] {
    var slope = minibatch
    let optimum = federation.optima[label]
    for block in 0..<federation.blocks {
      for index in federation.range(block) {
        slope[index] += federation.curvature[block] * (point[index] - optimum[index])
      }
    }
    return slope
  }

  /// z. [parameters]
  private func direction(using random: inout SeededGenerator) -> [Double] {
    let count = federation.parameters
    switch distribution {
    case .gaussian: return random.normals(count)
    case .popcount:
      return (0..<count).map { _ in random.popcount() }
    case .rademacher:
      var values: [Double] = []
      values.reserveCapacity(count)
      var word: UInt64 = 0
      for index in 0..<count {
        if index % 64 == 0 { word = random.next() }
        values.append(word & 1 == 0 ? -1 : 1)
        word >>= 1
      }
      return values
    }
  }
}

extension SeededGenerator {
  /// A nearly normal number from the bits of one word, as the engine's `popcount` directions are made.
  mutating func popcount() -> Double {
    let word = UInt32(truncatingIfNeeded: next())
    let value = 512 * (word >> 8).nonzeroBitCount + 2 * Int(word & 255) - 6399
    return Double(value) * Double(Float(bitPattern: 0x3A4F_9628))
  }

  /// Rows in which every entry is set with a probability drawn anew for each assignment, so that
  /// coverage varies between assignments and between blocks; no row and no block is left empty.
  /// [clients][blocks]
  mutating func rows(clients: Int, blocks: Int) -> [[Bool]] {
    let density = Double.random(in: 0.15...1, using: &self)
    var rows = (0..<clients).map { _ in
      (0..<blocks).map { _ in Double.random(in: 0..<1, using: &self) < density }
    }
    for block in 0..<blocks where !rows.contains(where: { $0[block] }) {
      rows[Int.random(in: 0..<clients, using: &self)][block] = true
    }
    for client in 0..<clients where !rows[client].contains(true) {
      rows[client][Int.random(in: 0..<blocks, using: &self)] = true
    }
    return rows
  }
}
