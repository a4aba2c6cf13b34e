import ZorBAJournal
import ZorBAOptimization
import ZorBATensor

/// Takes the dense rounds of a journal that is replayed. The reader hands out none whose changes are
/// not all there.
struct DenseReplay {
  /// Begins a round; its changes follow.
  var begin: (DenseRound) throws -> DenseUpdate
  /// Told once all of a round's changes are applied.
  var end: (UInt64) -> Void = { _ in }
}

extension DenseReplay {
  /// Adds rounds to a model's trainable weights.
  init(adding parameters: ParameterSet) {
    self.init { round in
      try DenseUpdate(
        round: round.number, blocks: round.blocks, encoding: round.encoding,
        parameters: parameters)
    }
  }
}
