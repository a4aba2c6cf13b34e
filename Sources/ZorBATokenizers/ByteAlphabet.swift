/// The characters that stand for bytes in byte-level vocabularies (GPT-2's `bytes_to_unicode`).
///
/// Printable Latin-1 bytes stand for themselves; the other 68 take the characters from U+0100 on,
/// in order of their value. So `Ġ` is a space and `Ċ` a line feed.
enum ByteAlphabet {
  /// The scalar of each byte. // [256]
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// The byte of each scalar below U+0144, or -1. // [0x144]
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() {
      bytes[Int(scalar)] = Int16(truncatingIfNeeded: byte)
    }
    return bytes
  }()

  /// The bytes that a token stands for, or nil when one of its characters stands for none.
  ///
  /// - Precondition: `token` is valid UTF-8.
  static func decode(_ token: UTF8Text.Bytes) -> [UInt8]? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(token.count)
    var position = 0
    while position < token.count {
      let (scalar, length) = UTF8Text.scalar(in: token, at: position)
      guard scalar < 0x144, bytes[Int(scalar)] >= 0 else { return nil }
      decoded.append(UInt8(truncatingIfNeeded: bytes[Int(scalar)]))
      position += length
    }
    return decoded
  }

  /// The character of a byte in UTF-8.
  static func spelling(of byte: UInt8) -> [UInt8] {
    Unicode.Scalar(scalars[Int(byte)]).map { Array(Character($0).utf8) } ?? []
  }
}
