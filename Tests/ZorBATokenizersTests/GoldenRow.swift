import Foundation
import ZorBAJSON

/// A text and what a reference library makes of it.
struct GoldenRow {
  var text: String
  /// Ids without the tokens around a sequence.
  var ids: [Int32]
  /// Ids with them, where the file has any.
  var template: [Int32]?
  /// The reference's decoding of `ids`, where the file has it.
  var decoded: String?
  /// The decoding of `template` without special tokens.
  var decodedTemplate: String?

  /// Reads a file of JSON lines.
  static func load(_ path: String) throws -> [GoldenRow] {
    let content = try Data(contentsOf: URL(fileURLWithPath: path))
    return try content.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      let row = try JSONParser.parse(line, file: path, firstLine: index + 1)
      let ids = { (key: String) in
        row[key]?.array?.map { Int32($0.integer ?? -1) }
      }
      return GoldenRow(
        text: row["text"]?.string ?? "", ids: ids("ids") ?? [], template: ids("template"),
        decoded: row["decoded"]?.string, decodedTemplate: row["decoded_template"]?.string)
    }
  }
}

/// Swift compares strings by canonical equivalence; a tokenizer must not.
func sameBytes(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
