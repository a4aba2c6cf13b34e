/// Parts of a list of buffers, the same for every number of threads.
///
/// What is summed over pieces is summed in their order, so that threads change no bit.
struct BufferPieces {
  struct Piece {
    let tensor: Int
    let range: Range<Int>
  }

  let pieces: [Piece]

  private static let elements = 1 << 16

  /// - Parameter chosen: The tensors to cover, of those with these element counts.
  init(_ counts: [Int], chosen: [Int]) {
    var pieces: [Piece] = []
    for tensor in chosen {
      for start in stride(from: 0, to: counts[tensor], by: Self.elements) {
        pieces.append(
          Piece(tensor: tensor, range: start..<min(start + Self.elements, counts[tensor])))
      }
    }
    self.pieces = pieces
  }
}
