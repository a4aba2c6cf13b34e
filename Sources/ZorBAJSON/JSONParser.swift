package import ZorBADiagnostics

/// A strict RFC 8259 parser over bytes: no trailing text, no duplicate keys, bounded depth.
///
/// Memory stays proportional to the input and time linear in it. Errors give the file and the line.
package struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  /// Holds a string with escapes while it is decoded.
  var scratch: [UInt8] = []

  private let file: String?
  private let code: ZorBAError.Code
  private var line: Int
  private var depth = 0

  /// Nesting allowed: far more than any file here has, far less than the stack holds.
  package static let maximumDepth = 128

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

  func failure(_ message: String, line: Int? = nil) -> ZorBAError {
    ZorBAError(code, "not valid JSON: \(message)", at: .init(file: file, line: line ?? self.line))
  }

  /// Steps over `byte` if it comes next.
  mutating func skip(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
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
    if skip(UInt8(ascii: "}")) { return object }
    while true {
      skipSpace()
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw failure("a key in double quotes is missing")
      }
      let keyLine = line
      let key = try parseString()
      skipSpace()
      guard skip(UInt8(ascii: ":")) else {
        throw failure("':' is missing after key '\(key.excerpt())'")
      }
      skipSpace()
      let value = try parseValue()
      guard object.append(.init(key: key, value: value, line: keyLine)) else {
        throw failure("key '\(key.excerpt())' appears twice", line: keyLine)
      }
      skipSpace()
      if skip(UInt8(ascii: ",")) { continue }
      if skip(UInt8(ascii: "}")) { return object }
      throw failure("',' or '}' is missing after the value of '\(key.excerpt())'")
    }
  }

  private mutating func parseArray() throws -> [JSONValue] {
    position += 1
    var values: [JSONValue] = []
    skipSpace()
    if skip(UInt8(ascii: "]")) { return values }
    while true {
      skipSpace()
      values.append(try parseValue())
      skipSpace()
      if skip(UInt8(ascii: ",")) { continue }
      if skip(UInt8(ascii: "]")) { return values }
      throw failure("',' or ']' is missing in an array")
    }
  }
}
