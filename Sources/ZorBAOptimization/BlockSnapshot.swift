package import ZorBATensor

/// An exact copy of some blocks' stored bytes, to go back to after local steps.
///
/// One buffer holds all of it and is reused by `capture()`, so a client pays for its memory once.
/// Under a memory budget it lies in a file, and copying gives back behind itself what it has read
/// and written.
package final class BlockSnapshot {
  /// Bytes the snapshot holds.
  package let byteCount: Int

  private let pieces: [Piece]
  private let saved: UnsafeMutableRawPointer
  private let owner: AnyObject
  /// The snapshot's memory, where it lies in a file.
  private let file: (any PagedMemory)?
  private let residency: WeightResidency?
  private let context: ComputeContext

  /// A part of a tensor that one thread copies.
  private struct Piece {
    let block: Int
    let stored: UnsafeMutableRawBufferPointer
    /// Where it lies in the snapshot.
    let place: Int
  }

  private static let pieceByteCount = 1 << 20

  /// Reserves memory for the blocks and copies them.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when memory or, under a budget, the disk is
  ///   exhausted.
  package init(of blocks: [Int], in parameters: ParameterSet, context: ComputeContext) throws {
    var pieces: [Piece] = []
    var end = 0
    for block in blocks {
      for tensor in parameters.blocks[block].map(\.tensor) {
        for start in stride(from: 0, to: tensor.byteCount, by: Self.pieceByteCount) {
          let count = min(Self.pieceByteCount, tensor.byteCount - start)
          pieces.append(
            Piece(
              block: block, stored: .init(start: tensor.bytes + start, count: count), place: end))
          end += count
        }
      }
    }
    self.pieces = pieces
    self.context = context
    byteCount = end
    residency = parameters.residency
    if let residency {
      let file = try residency.scratch(byteCount: end)
      (saved, owner, self.file) = (file.bytes, file, file)
    } else {
      let buffer = try AlignedBuffer(byteCount: end)
      (saved, owner, file) = (buffer.bytes, buffer, nil)
    }
    capture()
  }

  /// Copies the blocks as they are now.
  package func capture() {
    copy { saved, stored, count in saved.copyMemory(from: stored, byteCount: count) }
  }

  /// Puts the blocks back as they were captured, bit for bit.
  package func restore() {
    copy { saved, stored, count in stored.copyMemory(from: saved, byteCount: count) }
  }

  private func copy(
    _ body: (
      _ saved: UnsafeMutableRawPointer, _ stored: UnsafeMutableRawPointer, _ byteCount: Int
    ) -> Void
  ) {
    context.team.forEach(pieces.count) { index, _ in
      let piece = pieces[index]
      guard let stored = piece.stored.baseAddress else { return }
      body(saved + piece.place, stored, piece.stored.count)
      file?.drop(piece.place..<piece.place + piece.stored.count)
      residency?.release(UnsafeRawBufferPointer(piece.stored), block: piece.block)
    }
    // Whatever was mapped around the pieces.
    file?.drop(0..<byteCount)
    withExtendedLifetime(owner) {}
  }
}
