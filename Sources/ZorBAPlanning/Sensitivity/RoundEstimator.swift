/// Learns the sensitivity of blocks from the scalars of ordinary rounds, without a forward pass.
///
/// The moment equations of the algorithm, section 3, in expectation over which client has which data
/// and for any weights p, with P2 = sum_k p_k^2 and d_b = zeta_b^2 / (1 - 2/K + P2):
///
///     k != l:  E[c_k c_l]     = sum_b a_kb a_lb (G_b - P2 d_b)            shared directions only
///     k = l:   E[c_k^2 - n_k] = sum_b a_kb (G_b + (1 - P2) d_b)
///              E[n_k]         = sum_b a_kb sigma_kb^2
///
/// (uniform p: G_b - zeta_b^2/(K-1) and G_b + zeta_b^2). They are solved by least squares with
/// non-negative parameters, old rounds weighing exponentially less.
///
/// - Under `perClient` seeding the first kind says nothing: only G_b + (1 - P2) d_b is determined, and
///   is divided between G_b and zeta_b^2 as in the prior.
/// - Assignments must rotate: blocks that are always moved together, or a fixed assignment with
///   fewer distinct rows than blocks, leave sums determined and parts not.
/// - sigma_kb^2 is taken as r_k s_b: a noise a block times a factor a client. Its own noise a client and
///   block would need clients times as many rounds.
///
/// The state is sums, O(blocks^2 + clients blocks) numbers; the same rounds in the same order give
/// the same state, bit for bit, so a resumed run feeds the rounds of its metrics again.
package struct RoundEstimator: Sendable {
  /// What to assume before the first round, and of what the rounds do not determine. Its unit is not
  /// used.
  package let prior: BlockSensitivity
  /// p_k, summing to 1. [clients]
  package let weights: [Double]
  package let seeding: ConvergenceModel.Seeding
  /// After so many rounds a round weighs 1/e of a new one.
  package let memory: Double

  /// Interleaved groups of rounds, for the jackknife. [groups]
  private(set) var groups: [MomentSums]
  /// sum over rounds of n_k / u_k and the number of scalars behind it, by client. [clients]
  private var observedNoise: [Double]
  /// sum over rounds of a_kb / u_k. [clients, blocks]
  private var exposure: [[Double]]
  /// Sum of weights of the noise scalars, as if each had the newest weight. [clients]
  private var noiseCount: [Double]
  private var rounds = 0
  /// Weights grow instead of old sums shrinking, up to a limit.
  private var weight = 1.0

  /// A prime, so that no cycle of assignments keeps to some groups.
  static let groupCount = 23
  private static let largestWeight = 0x1p40

  /// - Parameters:
  ///   - prior: Positive gradient energy and noise in every block.
  ///   - weights: p_k up to a common factor; nil for equal ones. [clients]
  ///   - memory: Rounds, at least 1; infinite never forgets.
  package init(
    prior: BlockSensitivity, weights: [Double]? = nil, seeding: ConvergenceModel.Seeding = .shared,
    memory: Double = 1000
  ) {
    let weights = weights ?? Array(repeating: 1, count: prior.clientCount)
    precondition(prior.blockCount > 0 && prior.clientCount > 0 && memory >= 1)
    precondition(weights.count == prior.clientCount)
    precondition(prior.gradientEnergy.allSatisfy { $0 > 0 })
    precondition(prior.sampleNoise.allSatisfy { $0.allSatisfy { $0 > 0 } })
    let total = weights.reduce(0, +)
    self.prior = prior
    self.weights = weights.map { $0 / total }
    self.seeding = seeding
    self.memory = memory
    groups = Array(repeating: MomentSums(blocks: prior.blockCount), count: Self.groupCount)
    observedNoise = Array(repeating: 0, count: weights.count)
    noiseCount = observedNoise
    exposure = Array(
      repeating: Array(repeating: 0, count: prior.blockCount), count: weights.count)
  }

  package var blockCount: Int { prior.blockCount }
  package var clientCount: Int { prior.clientCount }
  /// Rounds seen.
  package var roundCount: Int { rounds }

  /// Learns from a round.
  ///
  /// Participants with scalars that are not finite, or fewer or more of them than the first has, are
  /// passed over: the weights do not move by them either.
  package mutating func add(_ round: RoundObservation) {
    let count = round.participants.first?.scalars.count ?? 0
    let entries = round.participants.compactMap { participant -> MomentSums.Entry? in
      precondition(participant.row.count == blockCount && participant.client < clientCount)
      guard participant.scalars.count == count,
        participant.scalars.allSatisfy({
          ($0.whole * $0.whole + $0.first * $0.first + $0.second * $0.second).isFinite
        })
      else { return nil }
      return entry(participant)
    }
    // Shifted by one every turn, so that cycles as long as the groups are many meet all of them.
    let group = (rounds + rounds / Self.groupCount) % Self.groupCount
    groups[group].add(entries, pairs: seeding == .shared, weight: weight)
    for entry in entries where entry.participant.hasHalves { addNoise(entry) }
    rounds += 1
    weight /= memory.isFinite ? 1 - 1 / (memory + 1) : 1
    if weight > Self.largestWeight { renormalise() }
  }

  private func entry(_ participant: RoundObservation.Participant) -> MomentSums.Entry? {
    let active = participant.row.indices.filter { participant.row[$0] }
    guard !active.isEmpty else { return nil }
    var energy = 0.0
    var noise = 0.0
    for block in active {
      energy += prior.gradientEnergy[block] + prior.clientSpread[block]
      noise += prior.sampleNoise[participant.client][block]
    }
    return MomentSums.Entry(
      participant: participant, active: active, variance: energy + noise, noise: noise)
  }

  private mutating func addNoise(_ entry: MomentSums.Entry) {
    let participant = entry.participant
    let unit = weight / entry.noise
    for scalar in participant.scalars {
      observedNoise[participant.client] +=
        unit * scalar.noise(sampledShare: participant.sampledShare)
    }
    let count = Double(participant.scalars.count)
    noiseCount[participant.client] += weight * count
    for block in entry.active { exposure[participant.client][block] += unit * count }
  }

  private mutating func renormalise() {
    let factor = 1 / weight
    for group in groups.indices { groups[group].scale(by: factor) }
    for client in observedNoise.indices {
      observedNoise[client] *= factor
      noiseCount[client] *= factor
      for block in exposure[client].indices { exposure[client][block] *= factor }
    }
    weight = 1
  }

  /// r_k, drawn towards 1 as if eight scalars of ordinary noise had been seen: sites are taken to
  /// differ by half their noise. [clients]
  ///
  /// - Parameter noise: s_b. [blocks]
  func clientFactors(noise: [Double]) -> [Double] {
    exposure.indices.map { client in
      let expected = zip(exposure[client], noise).reduce(0) { $0 + $1.0 * $1.1 }
      guard expected > 0, noiseCount[client] > 0 else { return 1 }
      let count = noiseCount[client] / weight
      let seen = max(0, observedNoise[client] / expected)
      return (8 + count * seen) / (8 + count)
    }
  }
}
