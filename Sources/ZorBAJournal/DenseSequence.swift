package import ZorBAOptimization

/// A dense round whose chunks are being read or written.
struct DenseSequence {
  let round: DenseRound
  /// Bytes of changes still to come.
  private(set) var remaining: Int
  private var nextIndex = 0
  private var hash: DenseHash

  init(_ round: DenseRound, byteCount: Int) {
    self.round = round
    remaining = byteCount
    hash = DenseHash(round.encoding)
  }

  /// Moves past a chunk, or says as a clause why it cannot stand here.
  mutating func accept(_ chunk: DenseChunk) -> String? {
    guard chunk.round == round.number else {
      return "changes of round \(chunk.round) within those of round \(round.number)"
    }
    guard chunk.index == nextIndex else {
      return "chunk \(chunk.index) of round \(round.number) where chunk \(nextIndex) must be"
    }
    let expected = min(DenseChunk.byteCount, remaining)
    guard chunk.bytes.count == expected else {
      return "chunk \(chunk.index) has \(chunk.bytes.count) bytes, not \(expected)"
    }
    chunk.bytes.withUnsafeBytes { hash.update($0) }
    remaining -= expected
    nextIndex += 1
    guard remaining == 0 else { return nil }
    let found = hash.digest
    return found == round.digest
      ? nil : "the changes of round \(round.number) hash to \(found), not \(round.digest)"
  }
}

extension ModelFingerprint {
  /// The tensors that a dense round of these blocks changes; nil when the model has none such.
  package func denseLayout(of blocks: [Int]) -> DenseLayout? {
    DenseLayout(blocks: blocks, shapes: self.blocks.map { $0.map(\.shape) })
  }
}
