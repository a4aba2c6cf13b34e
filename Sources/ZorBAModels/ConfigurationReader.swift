import ZorBADiagnostics
import ZorBAJSON

/// Typed access to the members of a `config.json`, where every fault names the key and its value.
///
/// A member that is `null` counts as absent, as in Hugging Face's own loader.
struct ConfigurationReader {
  private let object: JSONObject
  private let file: String?
  private let prefix: String

  /// - Throws: `ZorBAError` with code `invalidModel` when `value` is not an object.
  init(_ value: JSONValue, file: String?, prefix: String = "") throws {
    guard let object = value.object else {
      throw ZorBAError(
        .invalidModel, "an object was expected, found \(value.kind)",
        at: .init(file: file, field: prefix.isEmpty ? nil : String(prefix.dropLast())))
    }
    self.object = object
    self.file = file
    self.prefix = prefix
  }

  var keys: [String] { object.members.map(\.key) }

  /// The member's value; nil when absent or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  /// True when the key stands there, even as null.
  func mentions(_ key: String) -> Bool { object[key] != nil }

  func location(_ key: String) -> ZorBAError.Location {
    let line = object.line(of: key)
    return .init(file: file, line: line == 0 ? nil : line, field: prefix + key)
  }

  func invalid(_ key: String, _ message: String, advice: String? = nil) -> ZorBAError {
    ZorBAError(.invalidModel, message, at: location(key), advice: advice)
  }

  /// The error for a value that is well formed but not implemented.
  func unsupported(_ key: String, advice: String? = nil) -> ZorBAError {
    let found = object[key].map { Self.excerpt($0) } ?? "absent"
    return ZorBAError(
      .unsupportedModel, "\(prefix + key) = \(found) is not supported", at: location(key),
      advice: advice)
  }

  /// The value as an error may quote it.
  static func excerpt(_ value: JSONValue) -> String { value.serialized.excerpt() }

  private func typed<Value>(
    _ key: String, _ expected: String, _ read: (JSONValue) -> Value?
  ) throws -> Value? {
    guard let value = value(key) else { return nil }
    guard let result = read(value) else {
      throw invalid(key, "\(expected) was expected, found \(Self.excerpt(value))")
    }
    return result
  }

  func string(_ key: String) throws -> String? { try typed(key, "a string") { $0.string } }

  func bool(_ key: String, default fallback: Bool) throws -> Bool {
    try typed(key, "true or false") { $0.bool } ?? fallback
  }

  func strings(_ key: String) throws -> [String]? {
    try typed(key, "an array of strings") { value in
      guard let elements = value.array else { return nil }
      let strings = elements.compactMap(\.string)
      return strings.count == elements.count ? strings : nil
    }
  }

  /// A finite number above 0.
  func positive(_ key: String, default fallback: Double) throws -> Double {
    let value = try typed(key, "a number above 0") { $0.double } ?? fallback
    guard value.isFinite, value > 0, Float(value).isNormal else {
      throw invalid(key, "a number above 0 was expected, found \(value)")
    }
    return value
  }

  func optionalInteger(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = try typed(key, "an integer", { $0.integer }) else { return nil }
    guard range.contains(value) else {
      throw invalid(
        key,
        "an integer from \(range.lowerBound) to \(range.upperBound) was expected, found \(value)")
    }
    return value
  }

  func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int) throws -> Int {
    try optionalInteger(key, in: range) ?? fallback
  }

  /// An integer that must be given.
  func extent(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard let value = try optionalInteger(key, in: range) else {
      throw invalid(
        key, "\(prefix + key) is missing", advice: "Add the model's \(key) to config.json.")
    }
    return value
  }

  /// One token id or an array of them, each below `vocabularySize`.
  func tokens(_ key: String, vocabularySize: Int) throws -> [Int32] {
    guard let value = value(key) else { return [] }
    return try (value.array ?? [value]).map { element in
      guard let token = element.integer else {
        throw invalid(key, "a token id was expected, found \(Self.excerpt(element))")
      }
      guard token >= 0, token < vocabularySize, let id = Int32(exactly: token) else {
        throw invalid(
          key, "token id \(token) lies outside the vocabulary of \(vocabularySize)")
      }
      return id
    }
  }

  /// A nested object; nil when absent.
  func nested(_ key: String) throws -> ConfigurationReader? {
    try value(key).map { try ConfigurationReader($0, file: file, prefix: prefix + key + ".") }
  }
}

/// Bounds on extents: far above any published model, far below where products overflow.
enum ExtentLimit {
  static let width = 1...1 << 20
  static let vocabulary = 1...1 << 24
  static let layers = 1...4096
  static let heads = 1...1 << 16
  static let positions = 1...1 << 30
}
