import ZorBADiagnostics

extension SitePolicy {
  /// Judges an assignment: once before anything is computed, and again when the answer's size is
  /// known.
  package func admit(round: RoundFacts, usage: SiteUsage) -> Verdict {
    let refusals = [
      atMost(.mostBlocks, mostBlocks, round.blocks.count, "blocks", by: "round \(round.round)"),
      forbidden(round.blocks, by: "round \(round.round)"),
      cohortRefusal(round.cohort, by: "round \(round.round)"),
      round.updateBytes > 0
        ? updateRefusal(
          round.updateBytes, usage.updateBytesThisRound, by: "round \(round.round)") : nil,
      roundsRefusal(usage),
      payloadRefusal(round.payloadBytes, usage),
    ]
    return verdict(
      refusals,
      waits: [
        hoursWait(round.now), roundsWait(usage), bytesWait(round.payloadBytes, usage),
      ])
  }

  /// Judges an evaluation, before it is computed and when the size of the message is known.
  package func admit(evaluation: EvaluationFacts, usage: SiteUsage) -> Verdict {
    let refusals = [
      allowsEvaluation
        ? nil
        : refusal(
          .evaluationAllowed, "the coordinator asks for an evaluation", "the policy says false",
          advice: "To give metrics, set evaluation.allowed to true."),
      evaluation.examples >= fewestEvaluationExamples
        ? nil
        : refusal(
          .fewestEvaluationExamples,
          "the evaluation would be of \(evaluation.examples) examples",
          "the policy asks for at least \(fewestEvaluationExamples)",
          advice: "Give more rows, or lower evaluation.minimum_examples."),
      payloadRefusal(evaluation.payloadBytes, usage),
    ]
    return verdict(
      refusals,
      waits: [hoursWait(evaluation.now), bytesWait(evaluation.payloadBytes, usage)])
  }

  /// Judges a message that tells something of the site but answers no assignment.
  package func admit(messageOf bytes: Int, usage: SiteUsage) -> Verdict {
    verdict([payloadRefusal(bytes, usage)], waits: [bytesWait(bytes, usage)])
  }

  /// The first refusal; without one, the longest wait.
  private func verdict(
    _ refusals: [Refusal?], waits: [(until: UTCInstant?, refusal: Refusal)?]
  ) -> Verdict {
    if let refusal = refusals.compactMap({ $0 }).first { return .refused(refusal) }
    let waits = waits.compactMap { $0 }
    if let never = waits.first(where: { $0.until == nil }) { return .refused(never.refusal) }
    let longest = waits.compactMap { wait in wait.until.map { ($0, wait.refusal) } }
      .max { $0.0 < $1.0 }
    return longest.map { .wait(until: $0.0, $0.1) } ?? .allowed
  }

  private func hoursWait(_ now: UTCInstant) -> (until: UTCInstant?, refusal: Refusal)? {
    guard let hours, !hours.contains(now) else { return nil }
    let opening = hours.opening(from: now)
    let answer = refusal(
      .hours, "it is \(HourWindows.weekdays[now.weekday]), \(now)",
      "the policy allows \(hours.description.excerpt(limit: 300))",
      advice: opening.map { "The site answers again from \($0)." }
        ?? "Give hours at least one window.")
    return (opening, answer)
  }

  private func roundsRefusal(_ usage: SiteUsage) -> Refusal? {
    guard let mostRounds, usage.rounds >= mostRounds else { return nil }
    return refusal(
      .mostRounds, "\(usage.rounds) rounds have been answered already, over all runs",
      "the policy allows at most \(mostRounds)")
  }

  private func roundsWait(_ usage: SiteUsage) -> (until: UTCInstant?, refusal: Refusal)? {
    guard let most = mostRoundsPerDay, usage.roundsToday >= most else { return nil }
    let tomorrow = UTCInstant(startOfDay: usage.day &+ 1)
    let answer = refusal(
      .mostRoundsPerDay, "\(usage.roundsToday) rounds have been answered \(usage.dayForPeople)",
      "the policy allows at most \(most) a day",
      advice: most > 0
        ? "The site answers again from \(tomorrow)."
        : "To take part at all, raise rounds.maximum_per_day.")
    return (most > 0 ? tomorrow : nil, answer)
  }

  private func payloadRefusal(_ bytes: Int, _ usage: SiteUsage) -> Refusal? {
    guard let most = payloadPerRound else { return nil }
    let total = usage.bytesThisRound.addingSaturating(bytes)
    guard total > most else { return nil }
    return refusal(
      .payloadPerRound, "\(total) bytes would leave the site for this round",
      "the policy allows at most \(most)")
  }

  /// - Parameter earlier: Bytes of updates that left in the same round before.
  func updateRefusal(_ bytes: Int, _ earlier: Int, by whom: String) -> Refusal? {
    guard allowsUpdates else {
      return refusal(
        .updatesAllowed, "\(whom) asks for dense updates of up to \(bytes) bytes",
        "the policy allows none",
        advice: "A dense update is the change of every trained weight and tells far more of the "
          + "rows than scalars do. To send it all the same, set updates.allowed to true.")
    }
    guard let most = updateBytesPerRound else { return nil }
    let total = earlier.addingSaturating(bytes)
    guard total > most else { return nil }
    return refusal(
      .updateBytesPerRound, "\(whom) takes \(total) bytes of dense updates out of the site",
      "the policy allows at most \(most) a round")
  }

  private func bytesWait(
    _ bytes: Int, _ usage: SiteUsage
  ) -> (until: UTCInstant?, refusal: Refusal)? {
    guard let most = payloadPerDay else { return nil }
    let total = usage.bytesToday.addingSaturating(bytes)
    guard total > most else { return nil }
    let tomorrow = UTCInstant(startOfDay: usage.day &+ 1)
    let answer = refusal(
      .payloadPerDay, "\(total) bytes would have left the site \(usage.dayForPeople)",
      "the policy allows at most \(most) a day",
      advice: bytes <= most
        ? "The site answers again from \(tomorrow)."
        : "To send a message of \(bytes) bytes at all, raise payload_bytes_per_day.")
    return (bytes <= most ? tomorrow : nil, answer)
  }
}

extension SiteUsage {
  fileprivate var dayForPeople: String { "on \(UTCInstant(startOfDay: day).date)" }
}

extension Int {
  /// The sum of two counts; a sum too large stays at the largest number.
  func addingSaturating(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? Int.max : sum
  }
}
