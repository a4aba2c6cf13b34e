import ZorBADiagnostics

/// A data file and how to read it, known from its extension.
package struct DataFile: Sendable {
  /// The layouts that can be read.
  package enum Format: Sendable, Equatable {
    /// One JSON object a line: `.jsonl`, `.ndjson`.
    case jsonLines
    /// Separated values with a header row: `.csv` by comma, `.tsv` by tab.
    case delimited(UInt8)
    /// Running text for language modelling: `.txt`.
    case plainText
  }

  /// The path as the user wrote it.
  package let path: String
  /// How it is laid out.
  package let format: Format

  /// Recognises a file by its extension; it is not opened yet.
  ///
  /// - Throws: `ZorBAError` listing the extensions that can be read.
  package init(path: String) throws {
    let name = path.split(separator: "/").last ?? ""
    let suffix = name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
    switch suffix {
    case "jsonl", "ndjson": format = .jsonLines
    case "csv": format = .delimited(UInt8(ascii: ","))
    case "tsv": format = .delimited(UInt8(ascii: "\t"))
    case "txt": format = .plainText
    default:
      throw ZorBAError(
        .invalidData,
        suffix.map { "files ending in '.\($0)' cannot be read" }
          ?? "the file has no extension to know its format by",
        at: .init(file: path), advice: "Use .jsonl, .ndjson, .csv, .tsv or .txt.")
    }
    self.path = path
  }

  /// Calls `body` with every row in order; memory stays that of one row.
  ///
  /// - Throws: What `body` throws, and `ZorBAError` for a file or row that cannot be read.
  package func forEachRow(_ body: (Row) throws -> Void) throws {
    switch format {
    case .jsonLines:
      try drain(JSONLinesReader(ByteStream(path: path)), body)
    case .delimited(let delimiter):
      try drain(DelimitedReader(ByteStream(path: path), delimiter: delimiter), body)
    case .plainText:
      throw ZorBAError(
        .invalidData, "a plain text file has no columns", at: .init(file: path),
        advice: "Use .jsonl or .csv for this task; .txt is for task.kind language_modeling.")
    }
  }

  /// Calls `body` with the running text in pieces; see `PlainTextReader` for where they are cut.
  package func forEachPiece(_ body: (String) throws -> Void) throws {
    var reader = PlainTextReader(try ByteStream(path: path))
    while let piece = try reader.next() { try body(piece) }
  }

  private func drain(_ reader: some RowReader, _ body: (Row) throws -> Void) throws {
    var reader = reader
    while let row = try reader.next() { try body(row) }
  }
}
