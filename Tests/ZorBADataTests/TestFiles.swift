import Foundation
import Testing
import ZorBADiagnostics
import ZorBAJSON

@testable import ZorBAData

/// A directory for one test, removed with the value.
final class TemporaryDirectory {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/zorba-data-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws -> String {
    try write(Array(text.utf8), to: name)
  }

  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}

enum Golden {
  static func load(_ name: String) throws -> JSONValue {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Goldens/\(name)"))
    return try JSONParser.parse(data, file: name)
  }
}

/// The error that `body` throws; fails the test when it throws none of ours.
func failure(
  _ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) -> ZorBAError {
  do {
    try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let error as ZorBAError {
    return error
  } catch {
    Issue.record("not a ZorBAError: \(error)", sourceLocation: sourceLocation)
  }
  return ZorBAError(.interrupted, "")
}

/// All rows of JSONL text held in memory.
func jsonLines(_ bytes: [UInt8]) throws -> [Row] {
  var reader = JSONLinesReader(try ByteStream(bytes: bytes, file: "rows.jsonl"))
  var rows: [Row] = []
  while let row = try reader.next() { rows.append(row) }
  return rows
}

/// All rows of separated values held in memory.
func delimited(_ bytes: [UInt8], by delimiter: Character = ",") throws -> [Row] {
  var reader = try DelimitedReader(
    ByteStream(bytes: bytes, file: "rows.csv"), delimiter: delimiter.asciiValue ?? 0)
  var rows: [Row] = []
  while let row = try reader.next() { rows.append(row) }
  return rows
}

extension Row {
  /// The values of the columns as text, in order.
  var texts: [String] { columns.members.map { $0.value.string ?? $0.value.serialized } }
}
