import ZorBADiagnostics

extension JSONParser {
  /// A string from its opening quote; without escapes it is copied once, straight from the input.
  mutating func parseString() throws -> String {
    position += 1
    let start = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = try validated(UnsafeBufferPointer(rebasing: bytes[start..<position]))
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
      guard byte >= 0x20 else { throw failure("a control character inside a string") }
      position += 1
    }
    throw failure("a string is not closed")
  }

  private func validated(_ text: UnsafeBufferPointer<UInt8>) throws -> String {
    guard let string = String(validating: text, as: UTF8.self) else {
      throw failure("a string is not valid UTF-8")
    }
    return string
  }

  private mutating func parseEscapedString(from start: Int) throws -> String {
    scratch.removeAll(keepingCapacity: true)
    scratch.append(contentsOf: bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return try scratch.withUnsafeBufferPointer { try validated($0) }
      case UInt8(ascii: "\\"): try decodeEscape()
      default:
        guard byte >= 0x20 else { throw failure("a control character inside a string") }
        scratch.append(byte)
      }
    }
    throw failure("a string is not closed")
  }

  private mutating func decodeEscape() throws {
    guard position < bytes.count else { throw failure("a string is not closed") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scratch.append(byte)
    case UInt8(ascii: "b"): scratch.append(0x08)
    case UInt8(ascii: "f"): scratch.append(0x0C)
    case UInt8(ascii: "n"): scratch.append(0x0A)
    case UInt8(ascii: "r"): scratch.append(0x0D)
    case UInt8(ascii: "t"): scratch.append(0x09)
    case UInt8(ascii: "u"):
      // A lone surrogate has no UTF-8 form; the replacement character stands in, as in Python's
      // "replace" handler.
      let scalar = Unicode.Scalar(try parseUTF16()) ?? "\u{FFFD}"
      scratch.append(contentsOf: scalar.utf8)
    default:
      throw failure("unknown escape: a backslash before byte 0x\(String(byte, radix: 16))")
    }
  }

  /// The code unit after `\u`, joined with the one that follows when the two are a pair.
  private mutating func parseUTF16() throws -> UInt32 {
    let unit = try parseHexUnit()
    guard (0xD800..<0xDC00).contains(unit), position + 1 < bytes.count,
      bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
    else { return unit }
    let mark = position
    position += 2
    let low = try parseHexUnit()
    guard (0xDC00..<0xE000).contains(low) else {
      position = mark
      return unit
    }
    return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
  }

  private mutating func parseHexUnit() throws -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure("\\u needs four hexadecimal digits") }
    var unit: UInt32 = 0
    for offset in 0..<4 {
      let byte = UInt32(bytes[position + offset])
      let digit: UInt32
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: throw failure("\\u needs four hexadecimal digits")
      }
      unit = unit << 4 | digit
    }
    position += 4
    return unit
  }
}
