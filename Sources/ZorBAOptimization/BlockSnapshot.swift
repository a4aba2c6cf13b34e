package import ZorBATensor

/// An exact copy of some blocks' stored bytes, to go back to after local steps.
///
/// One buffer holds all of it and is reused by `capture()`, so a client pays for its memory once.
package final class BlockSnapshot {
  private let tensors: [Tensor]
  private let buffer: AlignedBuffer
  private let context: ComputeContext

  /// Reserves memory for the blocks and copies them.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(of blocks: [Int], in parameters: ParameterSet, context: ComputeContext) throws {
    tensors = blocks.flatMap { parameters.blocks[$0].map(\.tensor) }
    buffer = try AlignedBuffer(byteCount: tensors.reduce(0) { $0 + $1.byteCount })
    self.context = context
    capture()
  }

  /// Bytes the snapshot holds.
  package var byteCount: Int { buffer.byteCount }

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
    var offsets: [Int] = []
    var offset = 0
    for tensor in tensors {
      offsets.append(offset)
      offset += tensor.byteCount
    }
    context.team.forEach(tensors.count) { index, _ in
      body(buffer.bytes + offsets[index], tensors[index].bytes, tensors[index].byteCount)
    }
  }
}
