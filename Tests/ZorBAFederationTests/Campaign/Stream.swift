import ZorBAFederation

/// What a site says.
enum Up: Sendable {
  case hello(count: Int, chain: UInt64)
  case ready(round: Int, count: Int)
  case result(RunMachine.Ticket, RunMachine.Report, digest: [UInt8], isWrong: Bool)
  case declined(RunMachine.Ticket)
  case evaluation(Int)
  case digest(Int, [UInt8], isWrong: Bool)
  case leaving
}

/// What the coordinator says.
enum Down: Sendable {
  case welcome(lastRound: Int, restarts: Bool)
  case entry(Entry)
  case assignment(RunMachine.Ticket)
  case evaluate(Int)
  case digest(Int)
  case goodbye(SiteMachine.Goodbye)
}

/// A connection: order is kept, but either end can stop at any instant, and what was under way then
/// may arrive up to some point or not at all.
final class Stream {
  let site: Int
  /// What the coordinator calls it, once hello arrived.
  var session: UInt64 = 0
  var up: [Up] = []
  var down: [Down] = []
  /// Nothing new gets through.
  var isCut = false
  var siteEnded = false
  var serverEnded = false
  /// Whether the coordinator was told that the site is ready, and how much of the journal it had.
  var isReady = false
  var count = 0
  var hasWelcome = false

  init(site: Int) { self.site = site }

  func say(_ message: Up) { if !isCut, !siteEnded { up.append(message) } }
  func say(_ message: Down) { if !isCut, !serverEnded { down.append(message) } }
}
