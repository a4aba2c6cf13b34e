import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning

/// Reads the parts of a sensitivity file, strictly.
struct SensitivityFileReader {
  let file: String?

  func failure(_ message: String, at field: String?) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, message, at: .init(file: file, field: field),
      advice:
        "A sensitivity file has clients (names), gradient_energy and client_spread (a number a "
        + "block) and sample_noise (a row a client), as a probe writes it.")
  }

  /// - Parameter members: What the object may have.
  func object(_ value: JSONValue, at field: String?, members: Set<String>) throws -> JSONObject {
    guard let object = value.object else {
      throw failure("expected an object, not \(value.kind)", at: field)
    }
    for member in object.members where !members.contains(member.key) {
      throw failure("unknown member '\(member.key.excerpt())'", at: field)
    }
    return object
  }

  /// A finite number that is not negative.
  func number(_ value: JSONValue, at field: String) throws -> Double {
    guard let number = value.double, number.isFinite, number >= 0 else {
      throw failure(
        "expected a number of at least 0, not \(value.serialized.excerpt())", at: field)
    }
    return number
  }

  func numbers(_ value: JSONValue?, at field: String, count: Int? = nil) throws -> [Double] {
    guard let list = value?.array else {
      throw failure("expected a list of numbers, not \(value?.kind ?? "nothing")", at: field)
    }
    if let count, list.count != count {
      throw failure("has \(list.count) numbers for \(count) blocks", at: field)
    }
    return try list.enumerated().map { try number($0.element, at: "\(field)[\($0.offset)]") }
  }

  func names(_ value: JSONValue?, at field: String) throws -> [String] {
    guard let list = value?.array, !list.isEmpty else {
      throw failure("expected the names of at least one client", at: field)
    }
    var seen: Set<String> = []
    return try list.enumerated().map { index, name in
      guard let name = name.string, !name.isEmpty else {
        throw failure(
          "expected a name, not \(name.serialized.excerpt())", at: "\(field)[\(index)]")
      }
      guard seen.insert(name).inserted else {
        throw failure("'\(name.excerpt())' is there twice", at: "\(field)[\(index)]")
      }
      return name
    }
  }

  func count(_ value: JSONValue?, at field: String) throws -> Int {
    guard let value else { return 0 }
    guard let count = value.integer, count >= 0 else {
      throw failure(
        "expected a whole number of at least 0, not \(value.serialized.excerpt())", at: field)
    }
    return count
  }

  func intervals(
    _ value: JSONValue, at field: String, count: Int
  ) throws -> [ConfidenceInterval?] {
    guard let list = value.array, list.count == count else {
      throw failure("expected an interval or null for each of \(count) blocks", at: field)
    }
    return try list.enumerated().map { index, entry in
      if entry.isNull { return nil }
      guard let pair = entry.array, pair.count == 2, let lower = pair[0].double,
        let upper = pair[1].double, lower.isFinite, upper.isFinite, lower <= upper
      else {
        throw failure(
          "expected [lower, upper], not \(entry.serialized.excerpt())", at: "\(field)[\(index)]")
      }
      return ConfidenceInterval(lower: lower, upper: upper)
    }
  }
}
