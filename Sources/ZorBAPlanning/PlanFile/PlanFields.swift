import ZorBADiagnostics
import ZorBAJSON

/// Takes a JSON object apart member by member, and refuses what nobody asked for.
struct PlanFields {
  let file: String?
  private let object: JSONObject
  private let path: String

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the value is no object or has a
  ///   member that is not known.
  init(_ value: JSONValue, known: Set<String>?, file: String?, path: String = "") throws {
    self.file = file
    self.path = path
    guard let object = value.object else {
      throw ZorBAError(
        .invalidConfiguration, "expected an object, found \(value.kind)",
        at: .init(file: file, field: path.isEmpty ? nil : path))
    }
    self.object = object
    guard let known, let stray = object.members.first(where: { !known.contains($0.key) }) else {
      return
    }
    throw failure(
      stray.key, "unknown member",
      advice: "Known here: \(known.sorted().joined(separator: ", ")).")
  }

  func failure(_ key: String, _ message: String, advice: String? = nil) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, message,
      at: .init(
        file: file, line: object.line(of: key).flatMap { $0 > 0 ? $0 : nil },
        field: path.isEmpty ? key.excerpt() : "\(path).\(key.excerpt())"), advice: advice)
  }

  subscript(key: String) -> JSONValue? { object[key] }

  func value(_ key: String) throws -> JSONValue {
    guard let value = object[key] else { throw failure(key, "is missing") }
    return value
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    let value = try value(key)
    guard let number = value.integer, range.contains(number) else {
      throw failure(
        key, "\(value.serialized.excerpt()) cannot be used",
        advice: "Use a whole number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  func text(_ key: String) throws -> String? {
    guard let value = object[key] else { return nil }
    guard let text = value.string else { throw failure(key, "is \(value.kind), not a string") }
    return text
  }

  func array(_ key: String) throws -> [JSONValue] {
    let value = try value(key)
    guard let items = value.array else { throw failure(key, "is \(value.kind), not an array") }
    return items
  }

  /// A finite number, at least 0.
  func magnitude(_ key: String, _ value: JSONValue) throws -> Double {
    guard let number = value.double, number.isFinite, number >= 0 else {
      throw failure(
        key, "\(value.serialized.excerpt()) is no finite number from 0 up")
    }
    return number
  }

  /// Finite numbers, at least 0; `count` of them unless it is nil. Empty when the member is missing.
  func magnitudes(_ key: String, count: Int?) throws -> [Double] {
    guard object[key] != nil else { return [] }
    let items = try array(key)
    if let count, items.count != count {
      throw failure(key, "has \(items.count) numbers, not \(count)")
    }
    return try items.map { try magnitude(key, $0) }
  }
}
