/// Sums over rounds from which the normal equations of `RoundEstimator` are made.
///
/// With weights w_k = 1 / V_k, V_k the variance expected of client k's scalar, and o = a_k a_l:
///
///     pair   c_k c_l  = sum_b o_b x_b     weight w_k w_l, over k < l
///     own    c_k^2 - n_k = sum_b a_kb y_b    weight w_k^2 / 2
///     noise  n_k = sum_b a_kb s_b         weight u_k^2, u_k = 1 / (noise expected)
///
/// A pair's weight and design are products over its clients, so sums over pairs come from sums over
/// clients: a round costs clients x blocks^2, whatever the number of pairs.
struct MomentSums: Sendable {
  let blocks: Int
  /// Rounds that were added.
  private(set) var rounds = 0
  private(set) var pair: NormalEquations
  private(set) var own: NormalEquations
  private(set) var noise: NormalEquations

  init(blocks: Int) {
    self.blocks = blocks
    let zero = NormalEquations(
      gram: Array(repeating: 0, count: blocks * blocks),
      moment: Array(repeating: 0, count: blocks))
    pair = zero
    own = zero
    noise = zero
  }

  /// A participant with what is expected of it.
  struct Entry {
    var participant: RoundObservation.Participant
    /// Its active blocks, ascending.
    var active: [Int]
    /// V_k.
    var variance: Double
    /// The part of V_k that is noise of the minibatch.
    var noise: Double
  }

  /// Adds a round.
  ///
  /// - Parameters:
  ///   - pairs: Whether clients share directions, so that products of two clients mean something.
  ///   - weight: The round's weight.
  mutating func add(_ entries: [Entry], pairs: Bool, weight: Double) {
    rounds += 1
    let directions = entries.map(\.participant.scalars.count).max() ?? 0
    if pairs { addPairs(entries, directions: directions, weight: weight) }
    for entry in entries where entry.participant.hasHalves {
      let participant = entry.participant
      let count = weight * Double(participant.scalars.count)
      let own = 0.5 / (entry.variance * entry.variance)
      let noise = 1 / (entry.noise * entry.noise)
      var ownSum = 0.0
      var noiseSum = 0.0
      for scalar in participant.scalars {
        let variance = scalar.noise(sampledShare: participant.sampledShare)
        ownSum += scalar.whole * scalar.whole - variance
        noiseSum += variance
      }
      for block in entry.active {
        self.own.moment[block] += weight * own * ownSum
        self.noise.moment[block] += weight * noise * noiseSum
        for other in entry.active {
          self.own.gram[block * blocks + other] += count * own
          self.noise.gram[block * blocks + other] += count * noise
        }
      }
    }
  }

  /// sum_{k<l} x_k x_l = ((sum_k x_k)^2 - sum_k x_k^2) / 2, for designs and for moments.
  private mutating func addPairs(_ entries: [Entry], directions: Int, weight: Double) {
    var sums = [Double](repeating: 0, count: blocks * blocks)
    var squares = sums
    for entry in entries {
      let w = 1 / entry.variance
      for block in entry.active {
        for other in entry.active {
          sums[block * blocks + other] += w
          squares[block * blocks + other] += w * w
        }
      }
    }
    let half = weight / 2
    for index in sums.indices {
      let sum = sums[index] * sums[index] - squares[index]
      pair.gram[index] += half * Double(directions) * sum
    }
    for direction in 0..<directions {
      var sum = [Double](repeating: 0, count: blocks)
      var square = sum
      for entry in entries {
        let x = entry.participant.scalars[direction].whole / entry.variance
        for block in entry.active {
          sum[block] += x
          square[block] += x * x
        }
      }
      for block in 0..<blocks {
        pair.moment[block] += half * (sum[block] * sum[block] - square[block])
      }
    }
  }

  /// Adds another's sums, `sign` times.
  mutating func add(_ other: MomentSums, sign: Double = 1) {
    rounds += sign > 0 ? other.rounds : -other.rounds
    pair.add(other.pair, sign)
    own.add(other.own, sign)
    noise.add(other.noise, sign)
  }

  /// Multiplies all sums.
  mutating func scale(by factor: Double) {
    pair.scale(by: factor)
    own.scale(by: factor)
    noise.scale(by: factor)
  }
}

extension NormalEquations {
  fileprivate mutating func add(_ other: NormalEquations, _ sign: Double) {
    for index in gram.indices { gram[index] += sign * other.gram[index] }
    for index in moment.indices { moment[index] += sign * other.moment[index] }
  }

  fileprivate mutating func scale(by factor: Double) {
    for index in gram.indices { gram[index] *= factor }
    for index in moment.indices { moment[index] *= factor }
  }
}
