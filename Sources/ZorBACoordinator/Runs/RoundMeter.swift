/// What crosses the wire to and from each site, from the question of a round to that of the next.
///
/// A round's commit is fetched when the next question is under way already: windows meet, so nothing
/// is lost between them. Connecting before the first question is in none.
struct RoundMeter {
  typealias Traffic = (received: UInt64, sent: UInt64)

  /// Rounds whose question was seen.
  private(set) var rounds = 0
  /// By client.
  private(set) var totals: [Traffic] = []
  private var before: [Traffic] = []

  /// Begins the window of another round.
  mutating func begin(_ now: [Traffic]) {
    end(now)
    before = now
    rounds += 1
  }

  /// Ends the window under way; another one may follow at once.
  mutating func end(_ now: [Traffic]) {
    guard before.count == now.count else { return }
    if totals.isEmpty { totals = now.map { _ in (0, 0) } }
    for (client, traffic) in now.enumerated() {
      totals[client].received += traffic.received &- before[client].received
      totals[client].sent += traffic.sent &- before[client].sent
    }
    before = now
  }
}
