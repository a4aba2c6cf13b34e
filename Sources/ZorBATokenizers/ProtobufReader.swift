import ZorBADiagnostics

/// Reads the fields of one protocol buffer message, strictly: a malformed message is an error, and
/// nothing is allocated beyond what the message holds.
struct ProtobufReader {
  /// The value of a field by its wire type.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case bytes(ArraySlice<UInt8>)
    case fixed32(UInt32)
  }

  /// A message that does not follow the encoding.
  struct Malformed: Error {
    var offset: Int
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The next field, or nil at the end.
  ///
  /// - Throws: `Malformed` for a truncated field, a reserved wire type or field number 0.
  mutating func next() throws(Malformed) -> (number: UInt64, value: Value)? {
    if position == bytes.endIndex { return nil }
    let tag = try varint()
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw Malformed(offset: position) }
    switch tag & 7 {
    case 0: return (tag >> 3, .varint(try varint()))
    case 1: return (tag >> 3, .fixed64(try fixed(8)))
    case 2:
      let length = try varint()
      guard length <= UInt64(bytes.endIndex - position) else { throw Malformed(offset: position) }
      let end = position + Int(length)
      defer { position = end }
      return (tag >> 3, .bytes(bytes[position..<end]))
    case 5: return (tag >> 3, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
    default: throw Malformed(offset: position)
    }
  }

  private mutating func varint() throws(Malformed) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.endIndex, shift < 64 {
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Malformed(offset: position)
  }

  private mutating func fixed(_ count: Int) throws(Malformed) -> UInt64 {
    guard bytes.endIndex - position >= count else { throw Malformed(offset: position) }
    var value: UInt64 = 0
    for offset in 0..<count { value |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
    position += count
    return value
  }
}

extension ProtobufReader.Value {
  var bytes: ArraySlice<UInt8>? { if case .bytes(let value) = self { value } else { nil } }
  var float: Float? {
    if case .fixed32(let value) = self { Float(bitPattern: value) } else { nil }
  }
  /// An `int32`; negative values come as ten-byte varints.
  var int32: Int32? {
    if case .varint(let value) = self { Int32(truncatingIfNeeded: value) } else { nil }
  }
  var bool: Bool? { if case .varint(let value) = self { value != 0 } else { nil } }
}
