import ZorBA
import ZorBADiagnostics
import ZorBAJSON

/// The files a run leaves for people and scripts: `metrics.jsonl` while it goes, `result.json` at the
/// end. They are copies: the store has the same, durably.
struct RunResultWriter {
  private let folder: RunFolder
  /// Nil until the file could be begun.
  private var lines: LineFile?
  /// Lines that the disk had no room for, oldest first.
  private var waiting: [String]

  /// Writes what the store has anew, so that the file fits the journal after a crash or a roll-back.
  init(folder: RunFolder, history: [RoundMetrics]) {
    self.folder = folder
    waiting = history.map(\.json.serialized)
    write()
  }

  /// Adds a round; on a full disk the copy lags behind.
  mutating func append(_ metrics: RoundMetrics) { append(metrics.json) }

  /// Adds an evaluation.
  mutating func append(_ evaluation: Evaluation, round: Int) {
    append(["round": .integer(round), "evaluation": evaluation.json])
  }

  private mutating func append(_ value: JSONValue) {
    waiting.append(value.serialized)
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
        try RunFolder.write(waiting.map { $0 + "\n" }.joined(), to: folder.metrics)
        waiting = []
        lines = try LineFile(path: folder.metrics)
      }
    } catch {
      // The next line tries again.
    }
  }

  /// Writes `result.json`.
  func finish(_ result: RunResult) throws {
    try RunFolder.write(result.jsonText + "\n", to: folder.result)
  }
}
