import ZorBADiagnostics
import ZorBAJSON

/// Checked access to the members of an instance: every value is what it should be, or an error says
/// where it stands, what it is and what belongs there.
struct InstanceFields {
  /// What is named in errors.
  let file: String?
  let object: JSONObject
  /// Where the object stands in the file, followed by a point; empty for the whole of it.
  var prefix = ""

  func failure(_ key: String, _ message: String, advice: String? = nil) -> ZorBAError {
    let line = object.line(of: key).flatMap { $0 > 0 ? $0 : nil }
    return ZorBAError(
      .invalidConfiguration, message, at: .init(file: file, line: line, field: prefix + key),
      advice: advice)
  }

  /// A value as an error quotes it.
  static func quoted(_ value: JSONValue) -> String {
    switch value {
    case .array(let values): "an array of \(values.count)"
    case .object: "an object"
    default: value.serialized.excerpt(limit: 40)
    }
  }

  /// Checks that there is no key that nothing reads.
  func requireKnown(_ keys: [String]) throws {
    for member in object.members where !keys.contains(member.key) {
      let meant = EditDistance.nearest(to: member.key, among: keys)
      throw failure(
        member.key, "unknown key '\(member.key.excerpt(limit: 40))'",
        advice: meant.map { "Did you mean '\($0)'?" } ?? "Known: \(keys.joined(separator: ", ")).")
    }
  }

  /// The member, unless it is missing or null.
  func value(_ key: String) -> JSONValue? {
    guard let value = object[key], !value.isNull else { return nil }
    return value
  }

  // MARK: - Single values

  func number(_ value: JSONValue, _ key: String, in range: ClosedRange<Double>) throws -> Double {
    guard let number = value.double, range.contains(number) else {
      throw failure(
        key, "\(Self.quoted(value)) where a number should stand",
        advice: "Use \(Self.text(range)).")
    }
    return number
  }

  func number(
    _ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil
  ) throws -> Double {
    if let value = value(key) { return try number(value, key, in: range) }
    guard let fallback else { throw missing(key, "a number, \(Self.text(range))") }
    return fallback
  }

  func integer(_ value: JSONValue, _ key: String, in range: ClosedRange<Int>) throws -> Int {
    guard let number = value.integer, range.contains(number) else {
      throw failure(
        key, "\(Self.quoted(value)) where a whole number should stand",
        advice: "Use \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  func integer(
    _ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil
  ) throws -> Int {
    if let value = value(key) { return try integer(value, key, in: range) }
    guard let fallback else {
      throw missing(key, "a whole number, \(range.lowerBound) to \(range.upperBound)")
    }
    return fallback
  }

  func flag(_ key: String) throws -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.bool else {
      throw failure(key, "\(Self.quoted(value)) where true or false should stand")
    }
    return flag
  }

  /// One of the given words.
  func word(_ value: JSONValue, _ key: String, among words: [String]) throws -> String {
    guard let word = value.string, words.contains(word) else {
      throw failure(
        key, "\(Self.quoted(value)) is not known", advice: "Use \(words.joined(separator: ", ")).")
    }
    return word
  }

  func array(_ key: String) throws -> [JSONValue]? {
    guard let value = value(key) else { return nil }
    guard let array = value.array else {
      throw failure(key, "\(Self.quoted(value)) where an array should stand")
    }
    return array
  }

  // MARK: - One number for all, or one each

  /// `count` numbers, of which the file may give one for all.
  ///
  /// - Parameter items: What the numbers belong to, for errors: "blocks".
  func numbers(
    _ key: String, count: Int, of items: String, in range: ClosedRange<Double>,
    default fallback: Double? = nil
  ) throws -> [Double] {
    guard let value = value(key) else {
      guard let fallback else {
        throw missing(key, "one number a \(items.dropLast()), or one for all")
      }
      return Array(repeating: fallback, count: count)
    }
    return try numbers(value, key, count: count, of: items, in: range)
  }

  func numbers(
    _ value: JSONValue, _ key: String, count: Int, of items: String, in range: ClosedRange<Double>
  ) throws -> [Double] {
    guard let values = value.array else {
      return Array(repeating: try number(value, key, in: range), count: count)
    }
    guard values.count == count else {
      throw failure(
        key, "\(values.count) numbers for \(count) \(items)",
        advice: "Give \(count), or one number for all.")
    }
    return try values.enumerated().map { place, value in
      guard let number = value.double, range.contains(number) else {
        throw failure(
          "\(key)", "entry \(place) is \(Self.quoted(value))", advice: "Use \(Self.text(range)).")
      }
      return number
    }
  }

  func missing(_ key: String, _ expected: String) -> ZorBAError {
    failure(key, "is missing", advice: "Give \(expected).")
  }

  private static func text(_ range: ClosedRange<Double>) -> String {
    "numbers from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
  }

  private static func plain(_ value: Double) -> String {
    if let whole = Int(exactly: value), abs(whole) < 1_000_000 { return "\(whole)" }
    return "\(value)"
  }
}
