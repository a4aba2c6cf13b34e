/// The tokens of a model as its files spell them, in both directions.
///
/// Ids need not be contiguous: an id without a token has an empty spelling and `contains` is false.
struct Vocabulary: Sendable {
  private(set) var index: ByteStringIndex
  private var starts: [UInt32] = [0]  // [count + 1]
  private var bytes: [UInt8] = []
  private var present: [Bool] = []  // [count]

  /// One more than the greatest id.
  var count: Int { present.count }

  /// Creates the vocabulary from tokens that have been checked: see `VocabularyBuilder`.
  init(tokensByID: [[UInt8]?]) {
    index = ByteStringIndex(entries: tokensByID.count)
    present.reserveCapacity(tokensByID.count)
    starts.reserveCapacity(tokensByID.count + 1)
    for (id, token) in tokensByID.enumerated() {
      if let token {
        _ = index.insert(token, id: Int32(truncatingIfNeeded: id))
        bytes.append(contentsOf: token)
      }
      present.append(token != nil)
      starts.append(UInt32(truncatingIfNeeded: bytes.count))
    }
  }

  func contains(_ id: Int32) -> Bool { id >= 0 && Int(id) < present.count && present[Int(id)] }

  func id(of token: String) -> Int32? { index.find(Array(token.utf8)) }

  func token(of id: Int32) -> String? {
    contains(id) ? String(decoding: spelling(of: id), as: UTF8.self) : nil
  }

  /// The UTF-8 bytes of a token.
  ///
  /// - Precondition: `id` is in `0..<count`.
  func spelling(of id: Int32) -> ArraySlice<UInt8> {
    bytes[Int(starts[Int(id)])..<Int(starts[Int(id) + 1])]
  }
}
