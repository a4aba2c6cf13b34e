import ZorBADiagnostics

/// A plain text file in pieces of about a megabyte, cut where tokens do not reach across.
///
/// Encoding a large file in one call would hold text, pre-tokens and ids at once. A cut falls after
/// a single line feed between two characters that are not spaces: no pre-tokenizer in use joins
/// those, so the pieces' ids are the whole file's. (A SentencePiece encoder puts its dummy space in
/// front of each piece: one extra token a megabyte.) Text without such a place is cut after any
/// line feed or space, or at worst between two characters.
struct PlainTextReader {
  private let stream: ByteStream
  private let pieceBytes: Int
  private var pending: [UInt8] = []
  private var line = 1

  init(_ stream: ByteStream, pieceBytes: Int = 1 << 20) {
    precondition(pieceBytes >= 8)
    self.stream = stream
    self.pieceBytes = pieceBytes
  }

  /// The next piece, or nil at the end.
  ///
  /// - Throws: `ZorBAError` naming the line of the first byte that is not UTF-8.
  mutating func next() throws -> String? {
    try stream.take(pieceBytes - pending.count, into: &pending)
    if pending.isEmpty { return nil }
    // Fewer bytes than asked for: the file has no more.
    let cut = pending.count < pieceBytes ? pending.count : Self.cut(of: pending)
    let piece = pending[..<cut]
    guard let text = String(validating: piece, as: UTF8.self) else {
      throw ZorBAError(
        .invalidData, "the text is not valid UTF-8",
        at: .init(file: stream.file, line: line + Self.lineOfFault(in: piece)),
        advice: "Convert the file to UTF-8, for example with iconv.")
    }
    line += piece.count { $0 == UInt8(ascii: "\n") }
    pending.removeFirst(cut)
    return text
  }

  /// How many bytes the next piece takes; at least one.
  private static func cut(of bytes: [UInt8]) -> Int {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    /// Bytes of other scripts may belong to a space such as U+00A0, so only ASCII is sure.
    func isInk(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
    var afterSpace: Int?
    for index in stride(from: bytes.count - 1, to: 0, by: -1) where isSpace(bytes[index - 1]) {
      if bytes[index - 1] == UInt8(ascii: "\n"), isInk(bytes[index]), index > 1,
        isInk(bytes[index - 2])
      {
        return index
      }
      if afterSpace == nil { afterSpace = index }
    }
    if let afterSpace { return afterSpace }
    let scalarStart = bytes.indices.dropFirst().reversed().prefix(4).first {
      bytes[$0] & 0xC0 != 0x80
    }
    return scalarStart ?? bytes.count
  }

  /// The number of line feeds before the first byte that cannot continue valid UTF-8.
  private static func lineOfFault(in bytes: ArraySlice<UInt8>) -> Int {
    var lines = 0
    var start = bytes.startIndex
    // A line feed is never part of a longer sequence, so lines can be checked one by one.
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      if String(validating: bytes[start..<end], as: UTF8.self) == nil { return lines }
      lines += 1
      start = min(end + 1, bytes.endIndex)
    }
    return lines
  }
}
