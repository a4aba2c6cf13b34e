import ZorBADiagnostics
import ZorBAJSON

/// What the values of a table may be, checked on their way in and again on their way out.
struct ValueChecks {
  private let table: String

  init(_ table: String) { self.table = table }

  /// 1-63 characters of a-z, 0-9, dot, underscore and hyphen, the first a letter or a digit.
  func name(_ value: String, _ column: String) throws -> String {
    let bytes = value.utf8
    let isPlain: (UInt8) -> Bool = { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    let marks = Array("._-".utf8)
    guard let first = bytes.first, isPlain(first), bytes.count <= 63,
      bytes.allSatisfy({ isPlain($0) || marks.contains($0) })
    else {
      throw failure(
        column, "'\(value.excerpt())' is no name",
        advice: "Names are 1-63 characters of a-z, 0-9, '.', '_' and '-', and begin with a letter "
          + "or a digit.")
    }
    return value
  }

  /// Text that must be kept as it is: at most `limit` bytes, and none of them 0.
  func text(_ value: String, _ column: String, limit: Int = 1 << 20) throws -> String {
    guard value.utf8.count <= limit else {
      throw failure(column, "\(value.utf8.count) bytes are too many, at most \(limit) are kept")
    }
    // SQLite's text ends at the first one.
    guard !value.utf8.contains(0) else { throw failure(column, "the text has a zero byte in it") }
    return value
  }

  /// Text for people, often a peer's: never refused, but cut off where it gets long.
  func prose(_ value: String) -> String {
    let limit = 2048
    guard value.utf8.count > limit || value.utf8.contains(0) else { return value }
    var kept = String.UnicodeScalarView()
    var bytes = 0
    for scalar in value.unicodeScalars {
      let scalar = scalar.value == 0 ? "\u{FFFD}" : scalar
      bytes += UTF8.width(scalar)
      if bytes > limit - UTF8.width("…") {
        kept.append("…")
        break
      }
      kept.append(scalar)
    }
    return String(kept)
  }

  /// One JSON object on one line.
  func json(_ value: String, _ column: String) throws -> String {
    let value = try text(value, column)
    guard !value.utf8.contains(where: { $0 == 10 || $0 == 13 }) else {
      throw failure(column, "the JSON is not on one line")
    }
    let document: JSONValue
    do {
      document = try JSONParser.parse(value.utf8)
    } catch let error as ZorBAError {
      throw failure(column, error.message)
    }
    guard document.object != nil else {
      throw failure(column, "\(document.kind) where there must be a JSON object")
    }
    return value
  }

  func finite(_ value: Double, _ column: String) throws -> Double {
    guard value.isFinite else { throw failure(column, "\(value) is not a finite number") }
    return value
  }

  /// Seconds or another measure: finite and not below zero.
  func measure(_ value: Double, _ column: String) throws -> Double {
    guard try finite(value, column) >= 0 else {
      throw failure(column, "\(value) is below zero")
    }
    return value
  }

  func count(_ value: Int, _ column: String, from least: Int = 0) throws -> Int {
    guard value >= least else { throw failure(column, "\(value) is below \(least)") }
    return value
  }

  func failure(_ column: String, _ message: String, advice: String? = nil) -> ZorBAError {
    ZorBAError(.invalidData, message, at: .init(field: "\(table).\(column)"), advice: advice)
  }
}
