import ZorBADiagnostics
import ZorBAJSON

/// What a ledger counts.
struct LedgerState: Sendable, Equatable {
  struct Run: Sendable, Equatable {
    var name: String
    var rounds: Int
    var bytes: Int
    /// The round of the latest message, and the bytes of all messages since it became that round.
    var round: Int
    var roundBytes: Int
    /// Those of dense updates among them.
    var roundUpdateBytes = 0
  }

  /// Runs that are told apart; of more, those that answered longest ago are forgotten, but not what
  /// they add to the sums over all runs.
  static let mostRuns = 32

  /// Days since 1970; never goes down.
  var day = 0
  var roundsToday = 0
  var bytesToday = 0
  /// Over all runs, also those no longer listed.
  var rounds = 0
  var bytes = 0
  /// The latest first.
  var runs: [Run] = []

  /// The counts that a policy judges.
  func usage(run: String, round: Int?, at now: UTCInstant) -> SiteUsage {
    let isNewDay = now.day > day
    let entry = runs.first { $0.name.utf8.elementsEqual(run.utf8) }
    return SiteUsage(
      rounds: rounds, roundsToday: isNewDay ? 0 : roundsToday,
      bytesToday: isNewDay ? 0 : bytesToday,
      bytesThisRound: entry.map { round == $0.round ? $0.roundBytes : 0 } ?? 0,
      updateBytesThisRound: entry.map { round == $0.round ? $0.roundUpdateBytes : 0 } ?? 0,
      day: max(day, now.day))
  }

  /// Counts one message; counts stop at the largest number rather than start anew.
  mutating func charge(
    run: String, round: Int?, bytes count: Int, updateBytes: Int = 0, answers: Int,
    at now: UTCInstant
  ) {
    if now.day > day {
      day = now.day
      roundsToday = 0
      bytesToday = 0
    }
    roundsToday = roundsToday.addingSaturating(answers)
    bytesToday = bytesToday.addingSaturating(count)
    rounds = rounds.addingSaturating(answers)
    bytes = bytes.addingSaturating(count)

    var entry = Run(name: run, rounds: 0, bytes: 0, round: round ?? 0, roundBytes: 0)
    if let index = runs.firstIndex(where: { $0.name.utf8.elementsEqual(run.utf8) }) {
      entry = runs.remove(at: index)
    }
    // Messages of no round, heartbeats for one, leave the round's sum as it is.
    if let round {
      entry.roundBytes = (entry.round == round ? entry.roundBytes : 0).addingSaturating(count)
      entry.roundUpdateBytes = (entry.round == round ? entry.roundUpdateBytes : 0)
        .addingSaturating(updateBytes)
      entry.round = round
    }
    entry.rounds = entry.rounds.addingSaturating(answers)
    entry.bytes = entry.bytes.addingSaturating(count)
    runs.insert(entry, at: 0)
    if runs.count > Self.mostRuns { runs.removeLast() }
  }
}

extension LedgerState {
  var json: JSONValue {
    [
      "date": .string(UTCInstant(startOfDay: day).date),
      "day": .integer(day), "rounds_today": .integer(roundsToday),
      "bytes_today": .integer(bytesToday), "rounds": .integer(rounds), "bytes": .integer(bytes),
      "runs": .array(
        runs.map(\.json)),
    ]
  }

  /// Nil when a count is missing or below 0.
  init?(_ json: JSONValue) {
    func count(_ key: String, in json: JSONValue) -> Int? {
      json[key]?.integer.flatMap { $0 >= 0 ? $0 : nil }
    }
    guard let day = count("day", in: json), let roundsToday = count("rounds_today", in: json),
      let bytesToday = count("bytes_today", in: json), let rounds = count("rounds", in: json),
      let bytes = count("bytes", in: json), let runs = json["runs"]?.array
    else { return nil }
    self.init(
      day: day, roundsToday: roundsToday, bytesToday: bytesToday, rounds: rounds, bytes: bytes)
    for run in runs {
      guard let name = run["run"]?.string, let rounds = count("rounds", in: run),
        let bytes = count("bytes", in: run), let round = count("round", in: run),
        let roundBytes = count("round_bytes", in: run)
      else { return nil }
      // Ledgers of runs of scalars do not have it.
      let updateBytes = run["round_update_bytes"] == nil ? 0 : count("round_update_bytes", in: run)
      guard let updateBytes else { return nil }
      self.runs.append(
        Run(
          name: name, rounds: rounds, bytes: bytes, round: round, roundBytes: roundBytes,
          roundUpdateBytes: updateBytes))
    }
  }
}

extension LedgerState.Run {
  fileprivate var json: JSONValue {
    var object = JSONObject()
    func add(_ key: String, _ value: JSONValue) {
      _ = object.append(JSONObject.Member(key: key, value: value))
    }
    add("run", .string(name))
    add("rounds", .integer(rounds))
    add("bytes", .integer(bytes))
    add("round", .integer(round))
    add("round_bytes", .integer(roundBytes))
    if roundUpdateBytes > 0 { add("round_update_bytes", .integer(roundUpdateBytes)) }
    return .object(object)
  }
}
