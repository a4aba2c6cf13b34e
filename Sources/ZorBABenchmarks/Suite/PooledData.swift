import ZorBACheckpoint
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// One file with the rows of several, for training at one place.
package enum PooledData {
  /// The file of a task's rows as a run file in a cell's folder names it: so it holds wherever the
  /// suite's folder is.
  package static func reference(_ task: SuiteTask) -> String { "../../\(place(of: task))" }

  /// The file of a task's rows.
  package static func path(_ task: SuiteTask, in folder: String) -> String {
    "\(folder)/\(place(of: task))"
  }

  /// The kind of a file decides how its rows are read.
  private static func place(of task: SuiteTask) -> String {
    let isText = task.trainingFiles?.first?.hasSuffix(".txt") == true
    return "data/\(task.name).\(isText ? "txt" : "jsonl")"
  }

  /// Joins files whose lines are rows, for their owner alone.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` for formats with headings, with code
  ///   `invalidData` or `inputOutput` when a file cannot be read or written.
  package static func join(_ files: [String], to path: String) throws {
    var rows = Data()
    for file in files {
      guard [".jsonl", ".txt"].contains(where: { file.hasSuffix($0) && path.hasSuffix($0) }) else {
        throw ZorBAError(
          .invalidConfiguration, "cannot be joined with the other sites' rows",
          at: .init(file: file),
          advice: "Give .jsonl files only, or .txt files only, "
            + "or leave the regime 'centralised' out.")
      }
      do {
        rows.append(try Data(contentsOf: URL(filePath: file)))
      } catch {
        throw ZorBAError(
          .invalidData, "cannot be read", at: .init(file: file), advice: "Check the path.",
          cause: error)
      }
      if rows.last != UInt8(ascii: "\n") { rows.append(UInt8(ascii: "\n")) }
    }
    if FileManager.default.contents(atPath: path) == rows { return }
    do {
      let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      try FileManager.default.createDirectory(
        atPath: folder.joined(separator: "/"), withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      let file = try AtomicFile(path: path)
      try rows.withUnsafeBytes { try file.append($0) }
      try file.commit()
    } catch {
      throw ZorBAError(.inputOutput, "cannot be written", at: .init(file: path), cause: error)
    }
  }
}
