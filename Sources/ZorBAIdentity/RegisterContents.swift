import ZorBADiagnostics

/// What a register says, read once.
struct RegisterContents: Sendable {
  /// Entries in the order in which they were written.
  private(set) var entries: [RegisterEntry] = []
  /// Bytes up to and with the last complete line; what follows was torn by a crash.
  private(set) var completeLength = 0
  /// Whether the last entry lacks its newline, as after an edit by hand.
  private(set) var endsWithoutNewline = false

  /// Reads lines; a last one that is torn does not count, because nobody was told of it.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming the line that cannot be read.
  init(_ bytes: [UInt8], file: String?) throws {
    let newline = UInt8(ascii: "\n")
    var number = 0
    var start = 0
    while start < bytes.count {
      number += 1
      let end = bytes[start...].firstIndex(of: newline)
      let line = bytes[start..<(end ?? bytes.count)]
      if let end {
        if !line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) {
          entries.append(try RegisterEntry(line: line, file: file, number: number))
        }
        start = end + 1
        completeLength = start
      } else {
        if let entry = try? RegisterEntry(line: line, file: file, number: number) {
          entries.append(entry)
          completeLength = bytes.count
          endsWithoutNewline = true
        }
        start = bytes.count
      }
    }
  }

  /// Takes over what was appended.
  mutating func extend(by entries: [RegisterEntry], bytes: Int) {
    self.entries += entries
    completeLength += bytes
    endsWithoutNewline = false
  }
}
