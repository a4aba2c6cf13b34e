import ZorBADiagnostics
import ZorBAJSON

/// The header of a safetensors file, read from its first bytes and checked against its length.
///
/// The layout is 8 bytes of little-endian length, that many bytes of JSON, then the tensors' bytes.
/// A file passes only if its tensors cover those bytes exactly, once each: nothing can hide between
/// them and no two can share memory.
struct SafetensorsHeader {
  /// In the order of their bytes.
  let entries: [SafetensorsEntry]
  let metadata: [(key: String, value: String)]

  /// The format's own bound on the JSON part.
  static let maximumByteCount = 100_000_000

  /// - Throws: `ZorBAError` with code `invalidModel` naming the file and the tensor.
  init(_ bytes: UnsafeRawBufferPointer, file: String) throws {
    let text = try Self.text(bytes, file: file)
    let json = try JSONParser.parse(
      text.bindMemory(to: UInt8.self), file: file, code: .invalidModel)
    guard let object = json.object else {
      throw Self.invalid("its header is \(json.kind); an object is needed", file, nil)
    }
    let dataStart = 8 + text.count
    var entries: [SafetensorsEntry] = []
    var metadata: [(key: String, value: String)] = []
    for member in object.members {
      if member.key.utf8.elementsEqual("__metadata__".utf8) {
        metadata = try Self.metadata(member.value, file: file)
      } else {
        entries.append(
          try Self.entry(
            member.key, member.value, data: dataStart..<bytes.count, file: file))
      }
    }
    // Empty tensors share their start with a neighbour, so the end decides.
    entries.sort {
      ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
    }
    try Self.checkCoverage(entries, data: dataStart..<bytes.count, file: file)
    self.entries = entries
    self.metadata = metadata
  }

  private static func text(
    _ bytes: UnsafeRawBufferPointer, file: String
  ) throws -> UnsafeRawBufferPointer {
    guard bytes.count >= 8 else {
      throw invalid("it has \(bytes.count) bytes; a safetensors file has at least 8", file, nil)
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(maximumByteCount) else {
      throw invalid(
        "its header claims \(length) bytes; at most \(maximumByteCount) are allowed", file, nil)
    }
    guard let count = Int(exactly: length), count <= bytes.count - 8 else {
      throw invalid(
        "its header claims \(length) bytes, but only \(bytes.count - 8) follow", file, nil)
    }
    let text = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + count])
    guard text.first == UInt8(ascii: "{") else {
      throw invalid("its header does not begin with '{'", file, nil)
    }
    return text
  }

  private static func metadata(
    _ value: JSONValue, file: String
  ) throws -> [(key: String, value: String)] {
    guard let object = value.object else {
      throw invalid("it is \(value.kind); an object of strings is needed", file, "__metadata__")
    }
    return try object.members.map { member in
      guard let text = member.value.string else {
        throw invalid(
          "it is \(member.value.kind); a string is needed", file,
          "__metadata__.\(member.key.excerpt())")
      }
      return (member.key, text)
    }
  }

  private static func entry(
    _ name: String, _ value: JSONValue, data: Range<Int>, file: String
  ) throws -> SafetensorsEntry {
    let field = name.excerpt()
    func member(_ key: String) throws -> JSONValue {
      guard let member = value[key] else { throw invalid("'\(key)' is missing", file, field) }
      return member
    }
    guard value.object != nil else {
      throw invalid("it is \(value.kind); an object is needed", file, field)
    }
    guard let typeName = try member("dtype").string else {
      throw invalid("'dtype' is not a string", file, field)
    }
    guard let element = SafetensorsElement(rawValue: typeName) else {
      throw invalid("dtype '\(typeName.excerpt())' is unknown", file, field)
    }
    let shape = try naturals(try member("shape"), "shape", file, field)
    let offsets = try naturals(try member("data_offsets"), "data_offsets", file, field)
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw invalid("'data_offsets' is not a start and an end: \(offsets.prefix(4))", file, field)
    }
    guard offsets[1] <= data.count else {
      throw invalid(
        "'data_offsets' ends at \(offsets[1]), but the file holds \(data.count) bytes of tensors",
        file, field)
    }
    guard let size = byteCount(of: shape, element) else {
      throw invalid(
        "shape \(shape.prefix(8)) of \(typeName) is too large or not a whole number of bytes",
        file, field)
    }
    guard size == offsets[1] - offsets[0] else {
      throw invalid(
        "shape \(shape.prefix(8)) of \(typeName) needs \(size) bytes, but 'data_offsets' gives "
          + "\(offsets[1] - offsets[0])", file, field)
    }
    return SafetensorsEntry(
      name: name, element: element, shape: shape,
      bytes: data.lowerBound + offsets[0]..<data.lowerBound + offsets[1])
  }

  /// Whole numbers written as such: `2.0` is not one.
  private static func naturals(
    _ value: JSONValue, _ key: String, _ file: String, _ field: String
  ) throws -> [Int] {
    guard let array = value.array else {
      throw invalid("'\(key)' is \(value.kind); an array is needed", file, field)
    }
    return try array.map {
      guard case .integer(let number) = $0, number >= 0 else {
        throw invalid(
          "'\(key)' holds \($0.serialized.excerpt(limit: 40)); only integers from 0 up are "
            + "allowed", file, field)
      }
      return number
    }
  }

  /// Nil when the product overflows or the bits do not fill whole bytes.
  private static func byteCount(of shape: [Int], _ element: SafetensorsElement) -> Int? {
    var count = 1
    var overflow = false
    for extent in shape {
      (count, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
    }
    (count, overflow) = count.multipliedReportingOverflow(by: element.bitCount)
    return overflow || count % 8 != 0 ? nil : count / 8
  }

  private static func checkCoverage(
    _ entries: [SafetensorsEntry], data: Range<Int>, file: String
  ) throws {
    var end = data.lowerBound
    for entry in entries {
      guard entry.bytes.lowerBound == end else {
        let fault =
          entry.bytes.lowerBound < end
          ? "shares bytes with the tensor before it" : "leaves unused bytes before it"
        throw invalid(
          "it starts at byte \(entry.bytes.lowerBound - data.lowerBound) and \(fault), which ends "
            + "at \(end - data.lowerBound)", file, entry.name.excerpt())
      }
      end = entry.bytes.upperBound
    }
    guard end == data.upperBound else {
      throw invalid(
        "its tensors end at byte \(end - data.lowerBound) of \(data.count); the rest belongs to "
          + "none", file, nil)
    }
  }

  private static func invalid(_ message: String, _ file: String, _ field: String?) -> ZorBAError {
    ZorBAError(
      .invalidModel, "not a valid safetensors file: \(message)",
      at: .init(file: file, field: field),
      advice: "The download may be incomplete; compare its size with the publisher's and fetch it "
        + "again.")
  }
}
