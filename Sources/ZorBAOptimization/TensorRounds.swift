import CZorBAKernels
import ZorBATensor

/// Rounds as the update kernel takes them, for one tensor at a time: a worker's scratch.
///
/// The kernel wants the tensor's id in every term, so the terms are rebuilt whenever a worker turns
/// to another tensor; the cost is that of a few elements.
final class TensorRounds {
  private let terms: UnsafeMutablePointer<zk_term>
  private let rounds: UnsafeMutablePointer<zk_round>
  private var tensor: TensorID?
  private var roundCount = 0

  /// Room for every term and round of a sweep.
  init(termCapacity: Int, roundCapacity: Int) {
    terms = .allocate(capacity: max(termCapacity, 1))
    rounds = .allocate(capacity: max(roundCapacity, 1))
  }

  // zk_term and zk_round are plain C values: nothing to deinitialise.
  deinit {
    terms.deallocate()
    rounds.deallocate()
  }

  /// The rounds that touch the tensor; valid until the next call.
  func rounds(_ seeded: [SeededRound], for tensor: TensorID) -> UnsafeBufferPointer<zk_round> {
    if tensor != self.tensor { build(seeded, for: tensor) }
    return UnsafeBufferPointer(start: rounds, count: roundCount)
  }

  private func build(_ seeded: [SeededRound], for tensor: TensorID) {
    self.tensor = tensor
    roundCount = 0
    var termCount = 0
    for round in seeded where !round.terms[tensor.block].isEmpty {
      let first = terms + termCount
      for term in round.terms[tensor.block] {
        (terms + termCount).initialize(
          to: zk_term(
            direction: term.direction.restricted(to: tensor), coefficient: term.coefficient))
        termCount += 1
      }
      (rounds + roundCount).initialize(
        to: zk_round(
          terms: first, term_count: round.terms[tensor.block].count,
          rounding_seed: round.roundingSeed, decay: round.decay, tensor: tensor.rawValue))
      roundCount += 1
    }
  }
}
