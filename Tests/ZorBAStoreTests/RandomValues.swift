import ZorBAStore
import ZorBATestSupport

/// Values of every table, with the extremes among them.
struct RandomValues {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }

  mutating func chance(_ share: Double) -> Bool {
    Double.random(in: 0..<1, using: &generator) < share
  }

  mutating func maybe<Value>(_ value: @autoclosure () -> Value) -> Value? {
    chance(0.3) ? nil : value()
  }

  mutating func count() -> Int {
    [0, 1, 7, 4_096, 1 << 33, 1 << 52].randomElement(using: &generator) ?? 0
  }

  mutating func amount() -> Double {
    let extremes = [0, -1.5, 1e-300, .leastNonzeroMagnitude, 1e300, 0.1, 3]
    return chance(0.5)
      ? Double.random(in: -10...10, using: &generator)
      : extremes.randomElement(using: &generator) ?? 0
  }

  mutating func measure() -> Double { abs(amount()) }

  mutating func share() -> Double { Double.random(in: 0...1, using: &generator) }

  mutating func text() -> String {
    let pieces = ["", "a", "'", "\"; DROP TABLE run; --", "é", "\u{1F980}", "\n", "%", "?1", " "]
    return (0..<below(6)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
  }

  mutating func json() -> String {
    ["{}", #"{"a": [1, 2.5, null]}"#, #"{"ü": "\u0000"}"#].randomElement(using: &generator) ?? "{}"
  }

  mutating func run(_ name: String) -> StoredRun {
    StoredRun(
      name: name, state: StoredRun.State.allCases.randomElement(using: &generator) ?? .waiting,
      reason: text(), folder: "runs/" + text(), configuration: text(), createdAt: amount(),
      operatorPaused: chance(0.5))
  }

  mutating func activity() -> SiteActivity {
    SiteActivity(
      lastRound: below(50), secondsPerRound: maybe(0.25), answers: count(), misses: count(),
      bytesReceived: count(), bytesSent: count(), lastSeen: maybe(1e9))
  }

  mutating func site(_ number: Int) -> StoredSite {
    StoredSite(
      name: "site-\(number)", number: number,
      state: StoredSite.State.allCases.randomElement(using: &generator) ?? .absent, reason: text(),
      examples: maybe(12), costs: maybe("{}"), budgetBytes: maybe(1 << 40), activity: activity())
  }

  mutating func round(_ number: Int) -> StoredRound {
    StoredRound(
      number: number, attempt: 1 + below(3), seconds: measure(), loss: amount(),
      coveredBlocks: below(100), bytesUp: count(), bytesDown: count(), wireReceived: count(),
      wireSent: count(), metrics: json(), committedAt: amount())
  }

  mutating func result(_ site: String) throws -> StoredResult {
    let accepted = chance(0.7)
    let scalars = (0..<below(9)).map { _ in
      accepted
        ? Float.random(in: -1...1, using: &generator) : Float(bitPattern: UInt32(below(1 << 32)))
    }
    return StoredResult(
      site: site, scalars: try ScalarBlob(scalars), examples: count(),
      loss: accepted ? amount() : maybe(0.5), seconds: measure(), peakMemoryMiB: maybe(512),
      accepted: accepted, reason: text())
  }

  mutating func evaluation(_ round: Int, site: String?) -> StoredEvaluation {
    StoredEvaluation(
      round: round, split: chance(0.5) ? "test" : "validation", site: site, examples: count(),
      loss: amount(), accuracy: maybe(0.75), macroF1: maybe(1))
  }

  mutating func event(_ run: String) -> StoredEvent {
    StoredEvent(
      time: amount(), run: maybe(run), site: maybe("site-1"), round: maybe(3),
      kind: chance(0.5) ? "round.retried" : "site.joined", text: text(), detail: maybe("{}"))
  }
}
