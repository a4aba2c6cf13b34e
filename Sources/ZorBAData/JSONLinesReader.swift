import ZorBADiagnostics
import ZorBAJSON

/// The rows of a JSON Lines file: one object a line.
///
/// Lines end in LF or CRLF, the last one may lack its end, and lines of nothing but spaces are
/// skipped (they still count as lines).
struct JSONLinesReader: RowReader {
  private let stream: ByteStream
  private var bytes: [UInt8] = []

  init(_ stream: ByteStream) { self.stream = stream }

  mutating func next() throws -> Row? {
    while true {
      let line = stream.line
      guard try stream.nextLine(into: &bytes) else { return nil }
      if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      let value = try bytes.withUnsafeBufferPointer {
        try JSONParser.parse($0, file: stream.file, firstLine: line)
      }
      guard let object = value.object else {
        throw ZorBAError(
          .invalidData, "the line holds \(value.kind), not an object",
          at: .init(file: stream.file, line: line),
          advice: "Write one object a line, such as {\"text\": \"…\", \"label\": \"…\"}.")
      }
      return Row(file: stream.file, line: line, columns: object)
    }
  }
}
