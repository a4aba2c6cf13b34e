import ZorBADiagnostics

/// Takes a message apart; never reads past its end, and makes nothing larger than the message.
struct MessageReader {
  private let bytes: [UInt8]
  private var offset = 0
  /// Who sent it, for errors.
  let sender: String

  init(_ bytes: [UInt8], from sender: String) {
    self.bytes = bytes
    self.sender = sender
  }

  mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type = Number.self
  ) throws -> Number {
    try fixed(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number($1) }
  }

  /// The next `count` bytes.
  mutating func fixed(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else {
      throw damage("ends after \(bytes.count) bytes, where \(offset) + \(count) are needed")
    }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  /// Bytes with their number before them.
  mutating func counted(atMost limit: Int, _ what: String) throws -> [UInt8] {
    let count = try number(UInt32.self)
    guard count <= limit else {
      throw damage("has \(count) bytes of \(what), where \(limit) are the most")
    }
    return Array(try fixed(Int(count)))
  }

  /// True for 1, false for 0.
  mutating func flag() throws -> Bool {
    let byte = try number(UInt8.self)
    guard byte <= 1 else { throw damage("has \(byte) where 0 or 1 belongs") }
    return byte == 1
  }

  mutating func set(of members: Int) throws -> MemberSet {
    let map = try fixed((members + 7) / 8)
    let flags = (0..<8 * map.count).map { map[map.startIndex + $0 / 8] >> UInt8($0 % 8) & 1 == 1 }
    guard !flags.dropFirst(members).contains(true) else {
      throw damage("names a member beyond the \(members) of the group")
    }
    return MemberSet(Array(flags.prefix(members)))
  }

  mutating func words(_ count: Int) throws -> [UInt64] {
    let content = try fixed(8 * count)
    return content.withUnsafeBytes { content in
      (0..<count).map {
        UInt64(littleEndian: content.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
      }
    }
  }

  /// Nothing may follow.
  func finish() throws {
    guard offset == bytes.count else {
      throw damage("goes on for \(bytes.count - offset) bytes after its end")
    }
  }

  func damage(_ fault: String) -> ZorBAError {
    ZorBAError(
      .invalidData, "a secure aggregation message of \(sender) \(fault)",
      advice: "It was damaged on the way or made by another version; both sides need the same one.")
  }
}
