package import ZorBA
import ZorBADiagnostics
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The folder of a cell.
///
///     result.json        how it ended and what it ran; written last, as a whole
///     run.yaml           a run file for each run, `site-1.yaml` and so on where sites are isolated
///     run.log            what the run said
///     run/               what the run left
package struct CellFolder: Sendable {
  package let path: String

  package init(suite: String, id: String) { path = "\(suite)/cells/\(id)" }

  package var result: String { "\(path)/result.json" }
  package func runFile(_ part: String) -> String { "\(path)/\(part).yaml" }
  package func log(_ part: String) -> String { "\(path)/\(part).log" }
  package func run(_ part: String) -> RunFolder { RunFolder(path: "\(path)/\(part)") }

  /// How the cell ended earlier; nil when it did not, or when what is there cannot be read.
  package func earlier(_ cell: BenchmarkCell) -> (outcome: CellOutcome, isSame: Bool)? {
    guard let data = FileManager.default.contents(atPath: result),
      let json = try? JSONParser.parse(data, file: result)
    else { return nil }
    return CellOutcome.read(json, of: cell)
  }

  /// Makes room for a run and writes its run file.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func prepare(_ part: BenchmarkCell.Part) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      // What an interrupted run left would be refused, and its seconds would be of two runs.
      for left in [result, run(part.name).path] where FileManager.default.fileExists(atPath: left) {
        try FileManager.default.removeItem(atPath: left)
      }
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder of a cell cannot be made", at: .init(file: path), cause: error)
    }
    try RunFolder.write(YAMLText.document(part.run.value), to: runFile(part.name))
  }

  /// Reads what a run left.
  ///
  /// - Throws: `ZorBAError` when files are missing or damaged.
  package func measurement(
    _ part: BenchmarkCell.Part, usage: ProcessUsage
  ) throws -> PartMeasurement {
    let folder = run(part.name)
    guard let data = FileManager.default.contents(atPath: folder.result) else {
      throw ZorBAError(
        .inputOutput, "the run left no result", at: .init(file: folder.result),
        advice: "See \(log(part.name)).")
    }
    let lines = (FileManager.default.contents(atPath: folder.metrics) ?? Data())
      .split(separator: UInt8(ascii: "\n"))
      .compactMap { try? JSONParser.parse($0, file: folder.metrics) }
    return try PartMeasurement(
      result: JSONParser.parse(data, file: folder.result), rounds: lines, usage: usage,
      file: folder.result)
  }

  /// Makes the outcome durable.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  package func write(_ outcome: CellOutcome) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder of a cell cannot be made", at: .init(file: path), cause: error)
    }
    try RunFolder.write(outcome.json.serializedForReading, to: result)
  }

  /// What a run that failed said: its error, else its last words.
  package func complaint(_ part: String, ending: RunEnding) -> String {
    let said = String(
      decoding: FileManager.default.contents(atPath: log(part)) ?? Data(), as: UTF8.self)
    let lines = said.split(separator: "\n").suffix(20)
    if let start = lines.lastIndex(where: { $0.hasPrefix("zorba: ") }) {
      return lines[start...].map { $0.excerpt(limit: 400) }.joined(separator: "\n")
        .replacing("zorba: ", with: "", maxReplacements: 1)
    }
    let words = lines.suffix(3).map { $0.excerpt(limit: 400) }.joined(separator: "\n")
    return words.isEmpty ? ending.description : "\(ending.description): \(words)"
  }

  /// Takes away the journals of the runs.
  package func removeJournals(_ cell: BenchmarkCell) {
    for part in cell.parts {
      try? FileManager.default.removeItem(atPath: run(part.name).journal)
    }
  }
}
