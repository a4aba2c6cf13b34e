import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Reads the rows of a data file, one at a time.
package enum RowFile {
  /// The most bytes one row may have.
  static let maximumRowBytes = 64 << 20

  /// Calls `body` with every row, in file order; the file is mapped, not copied.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming file and line of a bad row, and whatever
  ///   `body` throws.
  package static func forEachRow(of path: String, _ body: (Row) throws -> Void) throws {
    let kind = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    let data = try contents(of: path)
    var count = 0
    func counted(_ row: Row) throws {
      count += 1
      try body(row)
    }
    try data.withUnsafeBytes { raw in
      let bytes = raw.bindMemory(to: UInt8.self)
      switch kind {
      case "jsonl", "ndjson": try JSONLReader.read(bytes, file: path, counted)
      case "csv": try CSVReader.read(bytes, file: path, separator: UInt8(ascii: ","), counted)
      case "tsv": try CSVReader.read(bytes, file: path, separator: UInt8(ascii: "\t"), counted)
      default:
        throw ZorBAError(
          .invalidData, "rows cannot be read from a '.\(kind)' file", at: .init(file: path),
          advice: "Use .jsonl, .csv or .tsv (.txt for language modelling).")
      }
    }
    guard count > 0 else {
      throw ZorBAError(
        .invalidData, "the file has no rows", at: .init(file: path),
        advice: "Put at least one row into it.")
    }
  }

  /// A whole text file.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when it cannot be read, is empty or not UTF-8.
  package static func text(of path: String) throws -> String {
    let data = try contents(of: path)
    guard let text = String(validating: data, as: UTF8.self) else {
      throw notUTF8(data, path: path)
    }
    guard !text.isEmpty else {
      throw ZorBAError(.invalidData, "the file is empty", at: .init(file: path))
    }
    return text
  }

  private static func notUTF8(_ data: Data, path: String) -> ZorBAError {
    var line = 1
    for piece in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if String(validating: piece, as: UTF8.self) == nil { break }
      line += 1
    }
    return ZorBAError(
      .invalidData, "the text is not UTF-8", at: .init(file: path, line: line),
      advice: "Convert it, for example with: iconv -f LATIN1 -t UTF-8")
  }

  private static func contents(of path: String) throws -> Data {
    do {
      return try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
    } catch {
      throw ZorBAError(
        .invalidData, "the file cannot be read", at: .init(file: path),
        advice: "Check the path and its permissions.", cause: error)
    }
  }
}
