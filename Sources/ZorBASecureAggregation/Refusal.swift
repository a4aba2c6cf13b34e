import ZorBADiagnostics

/// What a site says when it refuses.
enum Refusal {
  private static let suspect =
    "The coordinator is faulty or wants more than a sum; ask its operator before trying again."

  static func over(_ session: SecureSession) -> ZorBAError {
    ZorBAError(
      .refused, "the session of round \(session.round), attempt \(session.attempt) is over",
      advice: "Its keys are erased; take the next attempt.")
  }

  static func repeated(_ mark: SessionMark) -> ZorBAError {
    ZorBAError(
      .refused,
      "the session of round \(mark.round), attempt \(mark.attempt) is asked for a second time",
      advice: "Two sums over the same attempt would tell a difference; take the next attempt.")
  }

  static func rollback(to mark: SessionMark, from latest: SessionMark) -> ZorBAError {
    ZorBAError(
      .refused,
      """
      the run goes back to round \(mark.round), attempt \(mark.attempt) after round \
      \(latest.round), attempt \(latest.attempt)
      """, advice: suspect)
  }

  static func replayed(_ kind: MessageKind) -> ZorBAError {
    ZorBAError(
      .refused, "the coordinator sends \(kind.name) again: a replay", advice: suspect)
  }

  static func outOfTurn(_ kind: MessageKind) -> ZorBAError {
    ZorBAError(.refused, "the coordinator sends \(kind.name) out of turn", advice: suspect)
  }

  static func bothShares(of member: Int) -> ZorBAError {
    ZorBAError(
      .refused,
      "the coordinator asks for both shares of member \(member): once as a survivor, once as not",
      advice: "Both together would reveal its vector. " + suspect)
  }

  static func swappedKeys() -> ZorBAError {
    ZorBAError(
      .refused, "the coordinator shows others keys of this site that are not its own",
      advice: suspect)
  }

  static func badSignature(
    of member: Int, under what: String, cause: any Error
  ) -> ZorBAError {
    ZorBAError(
      .refused, "the signature of member \(member) under \(what) does not hold",
      advice: suspect, cause: cause)
  }

  static func missing(_ what: String) -> ZorBAError {
    ZorBAError(.refused, "the coordinator leaves out \(what)", advice: suspect)
  }

  static func without(this phase: String) -> ZorBAError {
    ZorBAError(
      .refused, "the coordinator lists \(phase) and leaves this site out",
      advice: "Messages crossed, or the coordinator gave up waiting; take the next attempt.")
  }

  static func appeared(_ member: Int, in phase: String) -> ZorBAError {
    ZorBAError(
      .refused, "member \(member) is among \(phase) and was not before", advice: suspect)
  }

  static func shrunk(_ count: Int, _ phase: String, _ parameters: SecureAggregationParameters)
    -> ZorBAError
  {
    let wanted =
      count < parameters.minimum
      ? "a group of \(parameters.minimum) is the smallest this site adds to"
      : "\(parameters.minimumSurvivors) of \(parameters.members) is what was agreed"
    return ZorBAError(
      .refused, "only \(count) members \(phase), and \(wanted)",
      advice: "Too many dropped out, or the coordinator says so; take the next attempt.")
  }

  static func thin(_ member: Int, _ count: Int, _ threshold: Int) -> ZorBAError {
    ZorBAError(
      .refused,
      "\(count) neighbours of member \(member) are left, below the threshold of \(threshold)",
      advice: "With fewer, its vector could be singled out; take the next attempt.")
  }

  static func otherSum(than signed: [Int], _ session: SecureSession) -> ZorBAError {
    ZorBAError(
      .refused,
      """
      this site signed another list of survivors of round \(session.round) before \
      (members \(signed.map(String.init).joined(separator: ", "))), whose sum may be known
      """,
      advice: "Sums over unlike members could be combined to single some out. Ask exactly these "
        + "members again, or start a run with another name and seed.")
  }

  static func passed(_ round: Int, _ session: SecureSession) -> ZorBAError {
    ZorBAError(
      .refused,
      "round \(session.round) comes after this site helped to a sum of round \(round)",
      advice: "Secure aggregation goes back for nobody. Start a run with another name and seed.")
  }

  static func unconfirmed(_ count: Int, _ quorum: Int) -> ZorBAError {
    ZorBAError(
      .refused, "\(count) members signed the list of survivors, and \(quorum) must",
      advice: "With fewer, the coordinator may have shown others another list.")
  }
}
