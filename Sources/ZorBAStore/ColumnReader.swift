import GRDB
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Takes typed values from a row that anybody may have edited.
///
/// GRDB's own subscripts end the process over a value of another type.
struct ColumnReader {
  private let row: Row
  private let checks: ValueChecks

  init(_ row: Row, _ table: String) {
    self.row = row
    checks = ValueChecks(table)
  }

  func integer(_ column: String) throws -> Int {
    try required(integerIfPresent(column), column)
  }

  func integerIfPresent(_ column: String) throws -> Int? {
    switch try storage(column) {
    case .null: nil
    case .int64(let value): Int(value)
    case let other: throw mismatch(column, other, "an integer")
    }
  }

  func double(_ column: String) throws -> Double { try required(doubleIfPresent(column), column) }

  func doubleIfPresent(_ column: String) throws -> Double? {
    switch try storage(column) {
    case .null: nil
    case .double(let value): value
    case .int64(let value): Double(value)
    case let other: throw mismatch(column, other, "a number")
    }
  }

  func text(_ column: String) throws -> String { try required(textIfPresent(column), column) }

  func textIfPresent(_ column: String) throws -> String? {
    switch try storage(column) {
    case .null: nil
    case .string(let value): value
    case let other: throw mismatch(column, other, "text")
    }
  }

  func bytes(_ column: String) throws -> [UInt8] {
    switch try storage(column) {
    case .blob(let value): [UInt8](value)
    case let other: throw mismatch(column, other, "bytes")
    }
  }

  func flag(_ column: String) throws -> Bool {
    switch try storage(column) {
    case .int64(0): false
    case .int64(1): true
    case let other: throw mismatch(column, other, "0 or 1")
    }
  }

  /// A value written as its name.
  func named<Value: RawRepresentable<String>>(
    _ type: Value.Type, _ column: String
  ) throws -> Value {
    let text = try text(column)
    guard let value = Value(rawValue: text) else {
      throw checks.failure(column, "'\(text.excerpt())' is none of the values it can have")
    }
    return value
  }

  private func storage(_ column: String) throws -> DatabaseValue.Storage {
    guard row.hasColumn(column) else { throw checks.failure(column, "there is no such column") }
    let value: DatabaseValue = row[column]
    return value.storage
  }

  private func required<Value>(_ value: Value?, _ column: String) throws -> Value {
    guard let value else { throw checks.failure(column, "there is no value") }
    return value
  }

  private func mismatch(
    _ column: String, _ value: DatabaseValue.Storage, _ expected: String
  ) -> ZorBAError {
    let kind =
      switch value {
      case .null: "nothing"
      case .int64(let number): "\(number)"
      case .double(let number): "\(number)"
      case .string(let text): "'\(text.excerpt())'"
      case .blob(let data): "\(data.count) bytes"
      }
    return checks.failure(column, "\(kind) where there must be \(expected)")
  }
}
