import ZorBA
import ZorBADiagnostics
import ZorBAJSON

/// The files a run leaves for people and scripts: `metrics.jsonl` while it goes, `result.json` at the
/// end. They are copies: the store has the same, durably.
struct RunResultWriter {
  private let folder: RunFolder
  private var lines: LineFile?

  /// Writes what the store has anew, so that the file fits the journal after a crash or a roll-back.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  init(folder: RunFolder, store: RunStore) throws {
    self.folder = folder
    try RunFolder.write("", to: folder.metrics)
    let file = try LineFile(path: folder.metrics)
    var waiting = ""
    try store.forEachLine { line in
      waiting += waiting.isEmpty ? line : "\n" + line
      guard waiting.utf8.count > 1 << 16 else { return }
      try file.append(waiting)
      waiting = ""
    }
    if !waiting.isEmpty { try file.append(waiting) }
    lines = file
  }

  /// Adds a round; a full disk costs the copy only.
  mutating func append(_ metrics: RoundMetrics) { append(metrics.json) }

  /// Adds an evaluation.
  mutating func append(_ evaluation: Evaluation, round: Int) {
    append(["round": .integer(round), "evaluation": evaluation.json])
  }

  private mutating func append(_ value: JSONValue) {
    try? lines?.append(value.serialized)
  }

  /// Writes `result.json`.
  func finish(_ result: RunResult) throws {
    try RunFolder.write(result.jsonText + "\n", to: folder.result)
  }
}
