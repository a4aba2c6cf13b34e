import ZorBADiagnostics
import ZorBAJSON

/// The members of one object of a calibration file, each of which must be there, and no others.
struct CalibrationFields {
  private let object: JSONObject
  private let file: String?
  /// The keys that lead to the object, each with a point behind it.
  private let path: String

  /// - Parameter names: Every key that the object has.
  /// - Throws: `ZorBAError` with code `invalidData` when it is no object, lacks a key or has others.
  init(_ value: JSONValue, names: [String], path: String = "", file: String?) throws {
    self.file = file
    self.path = path
    guard let object = value.object else {
      throw Self.fault("is \(value.kind), not an object", field: path, file: file)
    }
    self.object = object
    for member in object.members where !names.contains(member.key) {
      throw fault(member.key, "is not known here")
    }
    for name in names where object[name] == nil { throw fault(name, "is missing") }
  }

  private static func fault(
    _ message: String, field: String, file: String?, line: Int? = nil
  ) -> ZorBAError {
    let name = field.hasSuffix(".") ? String(field.dropLast()) : field
    return ZorBAError(
      .invalidData, message,
      at: .init(file: file, line: line, field: name.isEmpty ? nil : name.excerpt()),
      advice: "Make the file anew: zorba doctor --model DIR --calibrate --out FILE.")
  }

  /// An error about a member.
  func fault(_ name: String, _ message: String) -> ZorBAError {
    Self.fault(message, field: path + name, file: file, line: object.line(of: name))
  }

  private func value(_ name: String) throws -> JSONValue {
    guard let value = object[name] else { throw fault(name, "is missing") }
    return value
  }

  /// The members of an object inside.
  func fields(_ name: String, names: [String]) throws -> CalibrationFields {
    try CalibrationFields(value(name), names: names, path: path + name + ".", file: file)
  }

  /// As `fields`, nil for null.
  func optionalFields(_ name: String, names: [String]) throws -> CalibrationFields? {
    try value(name).isNull ? nil : fields(name, names: names)
  }

  /// Objects in an array.
  func list(_ name: String, names: [String], count: ClosedRange<Int>) throws -> [CalibrationFields]
  {
    try elements(name, count: count).enumerated().map { index, value in
      try CalibrationFields(value, names: names, path: "\(path)\(name)[\(index)].", file: file)
    }
  }

  func text(_ name: String) throws -> String {
    guard let text = try value(name).string, text.utf8.count <= Self.longestText else {
      throw fault(name, "is not a text of at most \(Self.longestText) bytes")
    }
    return text
  }

  private static let longestText = 4096

  func flag(_ name: String) throws -> Bool {
    guard let flag = try value(name).bool else { throw fault(name, "is not true or false") }
    return flag
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int {
    try integer(value(name), name, in: range)
  }

  func integers(_ name: String, in range: ClosedRange<Int>, count: ClosedRange<Int>) throws -> [Int]
  {
    try elements(name, count: count).map { try integer($0, name, in: range) }
  }

  /// A finite number from 0 to a bound.
  func number(_ name: String, upTo bound: Double) throws -> Double {
    try number(value(name), name, upTo: bound)
  }

  func numbers(_ name: String, upTo bound: Double, count: ClosedRange<Int>) throws -> [Double] {
    try elements(name, count: count).map { try number($0, name, upTo: bound) }
  }

  private func integer(
    _ value: JSONValue, _ name: String, in range: ClosedRange<Int>
  ) throws -> Int {
    guard let integer = value.integer, range.contains(integer) else {
      throw fault(
        name, "\(value.serialized.excerpt()) is not \(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  private func number(_ value: JSONValue, _ name: String, upTo bound: Double) throws -> Double {
    guard let number = value.double, number >= 0, number <= bound else {
      throw fault(name, "\(value.serialized.excerpt()) is not a number from 0 to \(bound)")
    }
    return number
  }

  private func elements(_ name: String, count: ClosedRange<Int>) throws -> [JSONValue] {
    guard let elements = try value(name).array, count.contains(elements.count) else {
      let wanted =
        count.count == 1 ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
      throw fault(name, "is not an array of \(wanted) elements")
    }
    return elements
  }
}
