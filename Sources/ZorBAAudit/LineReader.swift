import ZorBAFiles

/// The lines of a file one after the other; memory stays at one line of bounded length.
struct LineReader {
  /// A line without its break.
  struct Line {
    /// Counted from 1.
    var number: Int
    /// Its bytes; of a line that is too long, the first ones.
    var bytes: [UInt8]
    /// Whether it is longer than a record can be.
    var isTooLong: Bool
    /// Whether the file ends before a line break does.
    var isTorn: Bool
  }

  private let file: PrivateFile
  private var offset = 0
  private var number = 0
  private var chunk: [UInt8] = []
  private var position = 0

  /// - Throws: `ZorBAError` with code `inputOutput`.
  init(path: String) throws {
    file = try PrivateFile(path: path, for: .reading, advice: .audit)
  }

  /// The next line; nil at the end.
  mutating func next() throws -> Line? {
    var line: [UInt8] = []
    var length = 0
    while true {
      if position == chunk.count {
        chunk = try file.read(at: offset, count: 1 << 16)
        offset += chunk.count
        position = 0
        if chunk.isEmpty {
          guard length > 0 else { return nil }
          number += 1
          return Line(
            number: number, bytes: line, isTooLong: length > line.count, isTorn: true)
        }
      }
      let rest = chunk[position...]
      let end = rest.firstIndex(of: UInt8(ascii: "\n"))
      let piece = rest[..<(end ?? rest.endIndex)]
      length += piece.count
      line += piece.prefix(AuditRecord.lineLimit - line.count)
      position = end.map { $0 + 1 } ?? chunk.count
      if end != nil {
        number += 1
        return Line(number: number, bytes: line, isTooLong: length > line.count, isTorn: false)
      }
    }
  }
}
