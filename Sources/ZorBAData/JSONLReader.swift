import ZorBADiagnostics
import ZorBAJSON

/// Reads JSON Lines: one object a line, blank lines skipped.
enum JSONLReader {
  static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, file: String, _ body: (Row) throws -> Void
  ) throws {
    var start = 0
    var line = 1
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
      let text = UnsafeBufferPointer(rebasing: bytes[start..<end])
      let isBlank = text.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      if !isBlank {
        guard text.count <= RowFile.maximumRowBytes else {
          throw ZorBAError(
            .invalidData, "the row has \(text.count) bytes", at: .init(file: file, line: line),
            advice: "Rows of up to \(RowFile.maximumRowBytes) bytes are read.")
        }
        let value = try JSONParser.parse(text, file: file, firstLine: line)
        guard case .object(let object) = value else {
          throw ZorBAError(
            .invalidData, "the row is \(value.kind), not an object",
            at: .init(file: file, line: line),
            advice: "Write one {\"column\": value, …} a line.")
        }
        try body(Row(file: file, line: line, values: object))
      }
      start = end + 1
      line += 1
    }
  }
}
