import ZorBA
import ZorBAJSON

/// What two runs must have in common to count as the same: everything but clocks, memory and paths.
struct RunTrace: Equatable {
  let journal: [UInt8]
  let result: JSONValue
  let metrics: [JSONValue]
  let history: [RoundMetrics]

  init(_ result: RunResult, out: String) throws {
    let folder = RunFolder(path: out)
    journal = try contents(of: folder.journal)
    self.result = Self.timeless(result.json)
    metrics = try contents(of: folder.metrics).split(separator: UInt8(ascii: "\n")).map {
      Self.timeless(try JSONParser.parse(Array($0), file: folder.metrics))
    }
    history = result.history.map { round in
      var round = round
      round.seconds = 0
      round.peakMemoryBytes = 0
      return round
    }
  }

  private static let passing: Set<String> = [
    "seconds", "time", "memory", "peak_memory_bytes", "tokens_per_second", "journal", "warnings",
  ]

  private static func timeless(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let object):
      var kept = JSONObject()
      for member in object.members where !passing.contains(member.key) {
        _ = kept.append(.init(key: member.key, value: timeless(member.value)))
      }
      return .object(kept)
    case .array(let items): return .array(items.map(timeless))
    default: return value
    }
  }
}
