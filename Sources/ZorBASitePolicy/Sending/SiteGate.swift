import ZorBADiagnostics

/// The one way out of a site: judges a message, counts it, writes it down, and only then lets it go.
///
/// A message whose count or line cannot be written does not leave. A message may be counted or
/// written down and yet not leave, when the connection breaks; never the other way round.
package final class SiteGate {
  /// What a message answers, as far as the policy judges it.
  package enum Occasion: Sendable {
    case round(RoundFacts)
    case evaluation(EvaluationFacts)
    /// It answers nothing; only limits on bytes hold it back.
    case other(now: UTCInstant)
  }

  package let policy: SitePolicy
  private let ledger: SiteLedger
  private let log: SentLog
  /// The run that was admitted.
  private var run: String?

  package init(policy: SitePolicy, ledger: SiteLedger, log: SentLog) {
    self.policy = policy
    self.ledger = ledger
    self.log = log
  }

  /// Judges a run; rounds and evaluations are refused until one is admitted.
  package func admit(run facts: RunFacts) -> Verdict {
    let verdict = policy.admit(run: facts)
    run = verdict.isAllowed ? facts.name : nil
    return verdict
  }

  /// Judges a request before anything is computed for it.
  package func admit(_ occasion: Occasion, run name: String) -> Verdict {
    judge(occasion, kind: nil, run: name, round: nil, payload: 0, update: nil)
  }

  /// Judges a message, counts it and writes it down; send it when, and only when, the verdict is
  /// `allowed`.
  ///
  /// The size is the payload's, whatever the occasion's facts say.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be counted or written down.
  package func release(_ line: SentLine, on occasion: Occasion) throws -> Verdict {
    let verdict = judge(
      occasion, kind: line.kind, run: line.run, round: line.round, payload: line.byteCount,
      update: line.updateBytes)
    guard verdict.isAllowed else { return verdict }
    try ledger.charge(
      run: line.run, round: occasion.round ?? line.round, bytes: line.byteCount,
      updateBytes: line.updateBytes, isAnswer: line.kind == .result, at: occasion.now)
    try log.append(line, durably: line.kind.isLimited)
    return .allowed
  }

  /// - Parameter update: Bytes of the update that leaves; nil before it exists.
  private func judge(
    _ occasion: Occasion, kind: MessageKind?, run name: String, round: Int?, payload: Int,
    update: Int?
  ) -> Verdict {
    switch occasion {
    case .round(var facts):
      if let refusal = refusal(ofRun: name) { return .refused(refusal) }
      facts.updateBytes = update ?? facts.updateBytes
      facts.payloadBytes = max(payload, facts.updateBytes)
      return policy.admit(
        round: facts, usage: ledger.usage(run: name, round: facts.round, at: facts.now))
    case .evaluation(var facts):
      if let refusal = refusal(ofRun: name) { return .refused(refusal) }
      facts.payloadBytes = payload
      return policy.admit(
        evaluation: facts, usage: ledger.usage(run: name, round: facts.round, at: facts.now))
    case .other(let now):
      // Answers need the facts of what they answer.
      guard kind != .result, kind != .update, kind != .evaluation,
        kind != .secureAggregation
      else {
        return .refused(
          policy.refusal(
            .runNames, "an answer is about to leave without what was asked",
            "the policy judges every answer", advice: "Report this: it is a fault of ZorBA."))
      }
      guard kind?.isLimited == true else { return .allowed }
      return policy.admit(
        messageOf: payload, usage: ledger.usage(run: name, round: round, at: now))
    }
  }

  private func refusal(ofRun name: String) -> Refusal? {
    if let run, run.utf8.elementsEqual(name.utf8) { return nil }
    return policy.refusal(
      .runNames, "the run '\(name.excerpt())' was not admitted",
      "the policy judges a run before its first round", advice: "Connect to the run again.")
  }
}

extension SiteGate.Occasion {
  var round: Int? {
    switch self {
    case .round(let facts): facts.round
    case .evaluation(let facts): facts.round
    case .other: nil
    }
  }

  var now: UTCInstant {
    switch self {
    case .round(let facts): facts.now
    case .evaluation(let facts): facts.now
    case .other(let now): now
    }
  }
}
