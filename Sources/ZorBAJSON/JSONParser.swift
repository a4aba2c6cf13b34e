package import ZorBADiagnostics

/// A strict RFC 8259 parser over bytes: no trailing text, no duplicate keys, bounded depth.
///
/// Memory stays proportional to the input. Errors give the file and the line.
package struct JSONParser {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let file: String?
  private let code: ZorBAError.Code
  private var position = 0
  private var line: Int
  private var depth = 0

  private static let maximumDepth = 128

  /// Parses one whole document.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8 text; a byte-order mark is skipped.
  ///   - file: The path to name in errors.
  ///   - firstLine: The line number of the first byte, for a row of a JSONL file.
  ///   - code: The code of thrown errors.
  /// - Throws: `ZorBAError` naming the line and what was expected there.
  package static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, file: String? = nil, firstLine: Int = 1,
    code: ZorBAError.Code = .invalidData
  ) throws -> JSONValue {
    var parser = JSONParser(bytes: bytes, file: file, code: code, line: firstLine)
    return try parser.document()
  }

  package static func parse(
    _ bytes: some Sequence<UInt8>, file: String? = nil, firstLine: Int = 1,
    code: ZorBAError.Code = .invalidData
  ) throws -> JSONValue {
    try Array(bytes).withUnsafeBufferPointer {
      try parse($0, file: file, firstLine: firstLine, code: code)
    }
  }

  private init(
    bytes: UnsafeBufferPointer<UInt8>, file: String?, code: ZorBAError.Code, line: Int
  ) {
    self.bytes = bytes
    self.file = file
    self.code = code
    self.line = line
  }

  private func failure(_ message: String) -> ZorBAError {
    ZorBAError(code, "not valid JSON: \(message)", at: .init(file: file, line: line))
  }

  private mutating func document() throws -> JSONValue {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    skipSpace()
    let value = try parseValue()
    skipSpace()
    guard position == bytes.count else { throw failure("text after the end of the value") }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0D: position += 1
      case 0x0A:
        position += 1
        line += 1
      default: return
      }
    }
  }

  private mutating func parseValue() throws -> JSONValue {
    guard position < bytes.count else { throw failure("it ends where a value should stand") }
    switch bytes[position] {
    case UInt8(ascii: "{"): return .object(try nested { try $0.parseObject() })
    case UInt8(ascii: "["): return .array(try nested { try $0.parseArray() })
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default: throw failure("unexpected byte 0x\(String(bytes[position], radix: 16))")
    }
  }

  private mutating func nested<Value>(
    _ body: (inout JSONParser) throws -> Value
  ) throws -> Value {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw failure("nested more than \(Self.maximumDepth) deep")
    }
    return try body(&self)
  }

  private mutating func literal(_ text: StaticString, _ value: JSONValue) throws -> JSONValue {
    let length = text.utf8CodeUnitCount
    guard position + length <= bytes.count else { throw failure("it ends inside a literal") }
    for offset in 0..<length where bytes[position + offset] != text.utf8Start[offset] {
      throw failure("unknown literal; only true, false and null exist")
    }
    position += length
    return value
  }

  private mutating func parseObject() throws -> JSONObject {
    position += 1
    var object = JSONObject()
    skipSpace()
    if peek(UInt8(ascii: "}")) { return object }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw failure("a key in double quotes is missing")
      }
      let keyLine = line
      let key = try parseString()
      skipSpace()
      guard peek(UInt8(ascii: ":")) else { throw failure("':' is missing after key '\(key)'") }
      skipSpace()
      let value = try parseValue()
      guard object.append(.init(key: key, value: value, line: keyLine)) else {
        throw failure("key '\(key)' appears twice")
      }
      skipSpace()
      if peek(UInt8(ascii: ",")) { continue }
      if peek(UInt8(ascii: "}")) { return object }
      throw failure("',' or '}' is missing after the value of '\(key)'")
    }
  }

  private mutating func parseArray() throws -> [JSONValue] {
    position += 1
    var values: [JSONValue] = []
    skipSpace()
    if peek(UInt8(ascii: "]")) { return values }
    while true {
      skipSpace()
      values.append(try parseValue())
      skipSpace()
      if peek(UInt8(ascii: ",")) { continue }
      if peek(UInt8(ascii: "]")) { return values }
      throw failure("',' or ']' is missing in an array")
    }
  }

  private mutating func peek(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }
}

// MARK: - Strings

extension JSONParser {
  private mutating func parseString() throws -> String {
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
    var text = Array(bytes[start..<position])
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return try text.withUnsafeBufferPointer { try validated($0) }
      case UInt8(ascii: "\\"): try appendEscape(to: &text)
      default:
        guard byte >= 0x20 else { throw failure("a control character inside a string") }
        text.append(byte)
      }
    }
    throw failure("a string is not closed")
  }

  private mutating func appendEscape(to text: inout [UInt8]) throws {
    guard position < bytes.count else { throw failure("a string is not closed") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try parseHexUnit()
      if (0xD800..<0xDC00).contains(unit), position + 1 < bytes.count,
        bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
      {
        let mark = position
        position += 2
        let low = try parseHexUnit()
        if (0xDC00..<0xE000).contains(low) {
          unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        } else {
          position = mark
        }
      }
      // A lone surrogate has no UTF-8 form; the replacement character stands in, as in Python's
      // "replace" handler.
      let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
      text.append(contentsOf: Character(scalar).utf8)
    default: throw failure("unknown escape '\\\(Character(Unicode.Scalar(byte)))'")
    }
  }

  private mutating func parseHexUnit() throws -> UInt32 {
    guard position + 4 <= bytes.count else { throw failure("\\u needs four hexadecimal digits") }
    var unit: UInt32 = 0
    for offset in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position + offset])).hexDigitValue else {
        throw failure("\\u needs four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
    }
    position += 4
    return unit
  }
}

// MARK: - Numbers

extension JSONParser {
  private mutating func parseNumber() throws -> JSONValue {
    let start = position
    var isInteger = true
    _ = peek(UInt8(ascii: "-"))
    let firstDigit = position
    guard skipDigits() > 0 else { throw failure("a number without digits") }
    if bytes[firstDigit] == UInt8(ascii: "0"), position - firstDigit > 1 {
      throw failure("a number with a leading zero")
    }
    if peek(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() > 0 else { throw failure("a number with nothing after its point") }
    }
    if peek(UInt8(ascii: "e")) || peek(UInt8(ascii: "E")) {
      isInteger = false
      if !peek(UInt8(ascii: "+")) { _ = peek(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw failure("a number with an empty exponent") }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw failure("number \(text.prefix(40)) is out of range")
    }
    return .number(value)
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    {
      position += 1
    }
    return position - start
  }
}
