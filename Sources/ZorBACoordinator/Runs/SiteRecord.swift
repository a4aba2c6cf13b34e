package import ZorBAPlanning

/// What the coordinator knows of one site of a run.
package struct SiteRecord: Sendable {
  package let name: String
  /// From 1.
  package let number: Int
  /// Training rows; nil until the site said so once.
  package var examples: Int?
  /// What a round costs the site; nil until it said so once.
  package var costs: SiteCosts?
  /// The costs as they came.
  package var costsText = ""
  /// The memory that the site's owner allows; 0 is no limit.
  package var budgetBytes = 0
  package var lastRound = 0
  /// A moving mean of the arithmetic of a round.
  package var secondsPerRound = 0.0
  package var peakMemoryMiB = 0
  package var answers = 0
  package var misses = 0
  package var isQuarantined = false
  /// How often its weights were found to differ from the others'.
  package var divergences = 0
  /// Why the site is not taking part, for people.
  package var reason = ""
  /// What crossed the wire in streams that have ended.
  package var bytesReceived: UInt64 = 0
  package var bytesSent: UInt64 = 0

  package init(name: String, number: Int) {
    self.name = name
    self.number = number
  }

  /// Learns from an answer.
  package mutating func answered(round: Int, seconds: Double, peakMemoryMiB: Int) {
    answers += 1
    lastRound = max(lastRound, round)
    if peakMemoryMiB > 0 { self.peakMemoryMiB = peakMemoryMiB }
    guard seconds.isFinite, seconds >= 0 else { return }
    secondsPerRound = secondsPerRound == 0 ? seconds : 0.8 * secondsPerRound + 0.2 * seconds
  }
}
