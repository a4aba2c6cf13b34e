import ZorBATensor

extension ModelConfiguration {
  /// Bytes of each block that are in memory at once while it is streamed.
  ///
  /// A transformer block is there as a whole. Tables outside them are walked and looked up in pieces
  /// that are given back, one piece a thread.
  ///
  /// - Parameters:
  ///   - threads: How many work at once.
  ///   - elementByteCount: The size of a stored element of a parameter, by its canonical name.
  package func passingByteCounts(
    threads: Int, elementByteCount: (String) -> Int
  ) -> [Int] {
    var declarations = ParameterDeclarations()
    _ = decoderType.init(self, declaring: &declarations)
    var whole = [Int](repeating: 0, count: blockCount)
    // One table is used at a time.
    var pieces = [Int](repeating: 0, count: blockCount)
    for entry in declarations.entries {
      let count = entry.shape.reduce(1, *)
      let byteCount = count * elementByteCount(entry.name)
      if entry.isTable, let width = entry.shape.last, width > 0 {
        let rowByteCount = width * elementByteCount(entry.name)
        let walked = ForwardPass.columnsPerPiece * rowByteCount
        let lookedUp = ForwardPass.rowsPerPiece(width: width) * WeightResidency.faultSpan
        let piece = max(walked, lookedUp, Self.leastPiece) + 2 * WeightResidency.faultSpan
        pieces[entry.block] = max(pieces[entry.block], min(byteCount, threads * piece))
      } else {
        whole[entry.block] += byteCount
      }
    }
    return zip(whole, pieces).map { $0 + $1 }
  }

  /// Digests, updates and copies take up to this much at a time.
  private static let leastPiece = 1 << 20
}
