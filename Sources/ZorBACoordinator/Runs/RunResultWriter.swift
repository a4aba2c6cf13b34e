import ZorBA
import ZorBADiagnostics
import ZorBAJSON

/// The files a run leaves for people and scripts: `metrics.jsonl` while it goes, `result.json` at the
/// end. They are copies: the store has the same, durably.
struct RunResultWriter {
  private let folder: RunFolder
  private let store: RunStore
  /// Nil until the file could be begun.
  private var lines: LineFile?
  /// Lines that the disk had no room for, oldest first.
  private var waiting: [String] = []

  /// Writes what the store has anew, so that the file fits the journal after a crash or a roll-back.
  /// A disk that is full does not keep a run from going on: the copy lags behind.
  init(folder: RunFolder, store: RunStore) {
    self.folder = folder
    self.store = store
    write()
  }

  /// Adds a round.
  mutating func append(_ metrics: RoundMetrics) { append(metrics.json) }

  /// Adds an evaluation.
  mutating func append(_ evaluation: Evaluation, round: Int) {
    append(["round": .integer(round), "evaluation": evaluation.json])
  }

  private mutating func append(_ value: JSONValue) {
    // While the file is not begun the store has the round, and gives it when it is.
    if lines != nil { waiting.append(value.serialized) }
    write()
  }

  private mutating func write() {
    do {
      if let lines {
        while let first = waiting.first {
          try lines.append(first)
          waiting.removeFirst()
        }
      } else {
        lines = try begin()
      }
    } catch {
      // The next line tries again.
    }
  }

  /// The file with every line that the store has, read piece by piece.
  private func begin() throws -> LineFile {
    try RunFolder.write("", to: folder.metrics)
    let file = try LineFile(path: folder.metrics)
    var piece = ""
    try store.forEachLine { line in
      piece += piece.isEmpty ? line : "\n" + line
      guard piece.utf8.count > 1 << 16 else { return }
      try file.append(piece)
      piece = ""
    }
    if !piece.isEmpty { try file.append(piece) }
    return file
  }

  /// Writes `result.json`.
  func finish(_ result: RunResult) throws {
    try RunFolder.write(result.jsonText + "\n", to: folder.result)
  }
}
