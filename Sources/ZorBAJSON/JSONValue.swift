/// A JSON value that keeps what Foundation's decoder loses: member order, byte-exact keys and lines.
///
/// Swift strings compare by canonical equivalence, so a `[String: Int]` merges vocabulary entries
/// that differ only in normalisation. Keys here are compared by their UTF-8 bytes.
package indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// The members of an object in file order, found by the UTF-8 bytes of their key.
package struct JSONObject: Sendable, Equatable {
  /// One `key: value` of an object.
  package struct Member: Sendable, Equatable {
    package let key: String
    package let value: JSONValue
    /// The line of the key, counted from 1.
    package let line: Int

    package init(key: String, value: JSONValue, line: Int = 0) {
      self.key = key
      self.value = value
      self.line = line
    }
  }

  package private(set) var members: [Member]
  private var index: [[UInt8]: Int]

  package init() {
    members = []
    index = [:]
  }

  /// Appends a member; false when the key is there already, byte for byte.
  package mutating func append(_ member: Member) -> Bool {
    let key = Array(member.key.utf8)
    if index[key] != nil { return false }
    index[key] = members.count
    members.append(member)
    return true
  }

  package subscript(key: String) -> JSONValue? { index[Array(key.utf8)].map { members[$0].value } }

  /// The line on which the member stands, or nil when it is absent.
  package func line(of key: String) -> Int? { index[Array(key.utf8)].map { members[$0].line } }

  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members == right.members
  }
}

extension JSONValue {
  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  package var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var isNull: Bool { self == .null }

  /// The value as an integer; a number written with a zero fraction counts (`2.0`).
  package var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// What kind of value it is, for error messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  package subscript(key: String) -> JSONValue? { object?[key] }
}
