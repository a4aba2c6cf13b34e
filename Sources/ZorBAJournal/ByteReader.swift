import ZorBADiagnostics

/// Takes a record's payload apart, checking every length against the bytes that are there.
///
/// Errors have the code `invalidJournal` and say which part ends or goes wrong; `JournalReader` adds
/// the record.
package struct ByteReader {
  private let bytes: [UInt8]
  private var position = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var remaining: Int { bytes.count - position }

  /// The next `count` bytes.
  package mutating func take(_ count: Int, _ part: String) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw Self.fault("its payload ends in \(part)") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// All bytes that are left.
  package mutating func rest() -> ArraySlice<UInt8> {
    defer { position = bytes.count }
    return bytes[position...]
  }

  package mutating func byte(_ part: String) throws -> UInt8 {
    try take(1, part).first ?? 0
  }

  package mutating func uint32(_ part: String) throws -> UInt32 {
    try take(4, part).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  package mutating func uint64(_ part: String) throws -> UInt64 {
    try take(8, part).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// `count` binary32 values.
  package mutating func floats(_ count: Int, _ part: String) throws -> [Float] {
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: 4)
    guard !overflow else { throw Self.fault("its payload ends in \(part)") }
    var words = ByteReader(Array(try take(byteCount, part)))
    return try (0..<count).map { _ in Float(bitPattern: try words.uint32(part)) }
  }

  /// An unsigned LEB128 number in its shortest form.
  package mutating func varint(_ part: String) throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 64, by: 7) {
      let byte = try byte(part)
      let bits = UInt64(byte & 0x7F)
      guard (bits << shift) >> shift == bits else { throw Self.fault("\(part) exceeds 64 bits") }
      value |= bits << shift
      if byte & 0x80 == 0 {
        guard byte != 0 || shift == 0 else { throw Self.fault("\(part) is padded") }
        return value
      }
    }
    throw Self.fault("\(part) exceeds 64 bits")
  }

  /// A `varint` no larger than `limit`.
  package mutating func count(_ part: String, limit: Int) throws -> Int {
    let value = try varint(part)
    guard value <= UInt64(limit) else { throw Self.fault("\(part) is \(value), above \(limit)") }
    return Int(value)
  }

  /// Ascending numbers from `first` to below `limit`, at most `maximumCount` of them, as runs.
  ///
  /// The count is checked before memory is taken: a few bytes can promise a million numbers.
  package mutating func ascending(
    _ part: String, from first: Int, limit: Int, maximumCount: Int
  ) throws -> [Int] {
    let runs = try count("\(part): runs", limit: maximumCount)
    var numbers: [Int] = []
    var next = first
    for run in 0..<runs {
      let gap = try count("\(part): gap", limit: limit)
      guard run == 0 || gap > 0 else { throw Self.fault("\(part): runs touch") }
      let length = try count("\(part): length", limit: max(maximumCount, 1) - 1) + 1
      let start = next + gap
      guard start + length <= limit else { throw Self.fault("\(part) goes beyond \(limit - 1)") }
      guard numbers.count + length <= maximumCount else {
        throw Self.fault("\(part) has more than \(maximumCount) numbers")
      }
      numbers.append(contentsOf: start..<start + length)
      next = start + length
    }
    return numbers
  }

  /// UTF-8 text.
  package static func text(_ bytes: ArraySlice<UInt8>, _ part: String) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw fault("\(part) is not UTF-8")
    }
    return text
  }

  /// Checks that nothing is left.
  package func end() throws {
    guard remaining == 0 else { throw Self.fault("its payload has \(remaining) bytes too many") }
  }

  static func fault(_ message: String) -> ZorBAError { ZorBAError(.invalidJournal, message) }
}
