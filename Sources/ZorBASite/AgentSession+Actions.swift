import SwiftProtobuf
import Synchronization
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBASitePolicy
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the machine asks for.
extension AgentSession {
  func perform(_ action: SiteMachine.Action) throws {
    switch action {
    case .connect:
      connection += 1
      link.connect(number: connection)
    case .scheduleReconnect:
      let lasted = connectedAt.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0
      connectedAt = nil
      let seconds = backoff.delay(lasted: lasted, using: &jitter)
      observer(
        .disconnected(
          reason: lastFault.map(Self.sentence) ?? "the connection ended", retrySeconds: seconds))
      let post = agent.post
      Task {
        try? await Task.sleep(for: .seconds(seconds))
        post(.event(.retryTimer))
      }
    case .disconnect:
      outbox?.close()
      outbox = nil
      link.disconnect()
    case .sendHello: worker.enqueue(.introduce)
    case .putJournalAside: worker.enqueue(.putJournalAside)
    case .discardKept: backlog.removeAll()
    case .fetch:
      observer(.catchingUp(what: "the journal"))
      worker.enqueue(.beginFetch)
    case .rebuild:
      observer(.catchingUp(what: "the weights"))
      try fetchWeights()
    case .replay: worker.enqueue(.replay)
    case .sendReady(let round): worker.enqueue(.ready(round: round, tellsAll: !toldAll))
    case .compute(let ticket): worker.enqueue(.outline(ticket, group: assignedGroup))
    case .cancelCompute: worker.cancel()
    case .append:
      guard let record = backlog.takeRecord() else { return try perform(.appendFailed) }
      worker.enqueue(.append(record))
    case .apply(let round):
      guard let commit = backlog.takeCommit(of: round) else {
        return try perform(.applyFailed(round: round))
      }
      giveUpUpload(before: round)
      // Nobody needs this site's shares of a round that is committed: its keys go.
      if let secure, secure.ticket.round <= round { self.secure = nil }
      worker.enqueue(commit.journalBytes > 0 ? .beginCommit(commit) : .apply(commit))
      observer(.applied(round: round, rounds: rounds))
    case .evaluate(let round): try evaluate(round)
    case .cancelEvaluation: worker.cancel()
    case .sendEvaluation(let round):
      try sendEvaluation(round)
    case .digest(let round): worker.enqueue(.digests(round: round))
    case .sendDigest(let round):
      try send(
        .with {
          $0.stateDigest.round = UInt64(round)
          $0.stateDigest.digests = Data(digests)
        })
    case .sendResult(let ticket): try sendResult(ticket)
    case .sendDeclined(let ticket, let cause):
      if let answerFault { observer(.warning("\(answerFault)")) }
      try sendDeclined(ticket, cause)
    case .finish(let end): try finish(end)
    }
  }

  /// Computes what the policy lets out.
  func compute(
    _ ticket: RoundCoordinator.Ticket, _ facts: RoundFacts, _ outline: SecureOutline?
  ) throws {
    var facts = facts
    if let outline { facts.cohort = outline.members.count }
    self.facts = facts
    if let refusal = dispatch.refusal(of: .round(facts), run: runName) {
      return try refuse(ticket, refusal)
    }
    if let outline {
      if let refusal = try beginSecure(ticket, outline) { return try refuse(ticket, refusal) }
      // It is there already when the same is asked again.
      if let answer, answer.ticket == ticket, machine.work == .none { return try provide(answer) }
    }
    worker.enqueue(.compute(ticket, digestBlock: digestBlock))
  }

  /// Declines an answer that is not there yet, or one that is.
  private func refuse(_ ticket: RoundCoordinator.Ticket, _ cause: DeclineCause) throws {
    guard case .computing(ticket, isCancelled: false) = machine.work else {
      return try sendDeclined(ticket, cause)
    }
    try perform(.computeFailed(ticket, cause))
  }

  func evaluate(_ round: Int) throws {
    guard dispatch.policy.allowsEvaluation else {
      evaluation = .with {
        $0.round = UInt64(round)
        $0.absent = true
      }
      return try perform(.evaluated(round: round))
    }
    worker.enqueue(
      .evaluate(
        round: UInt64(round), test: evaluationSplits[round] ?? false,
        minimum: dispatch.policy.fewestEvaluationExamples,
        segments: dispatch.policy.allowsSegments))
  }

  func sendEvaluation(_ round: Int) throws {
    guard let evaluation, evaluation.round == UInt64(round) else { return }
    let facts = EvaluationFacts(round: round, examples: Int(evaluation.examples), now: .now)
    let message = Zorba_V1_SiteMessage.with { $0.evaluation = evaluation }
    let refusal = try send(
      message, on: evaluation.absent ? .other(now: .now) : .evaluation(facts))
    guard refusal != nil, !evaluation.absent else { return }
    self.evaluation = .with {
      $0.round = UInt64(round)
      $0.absent = true
    }
    try sendEvaluation(round)
  }

  func finish(_ end: SiteMachine.Outcome) throws {
    switch end {
    case .finished: worker.enqueue(.conclude)
    case .stopped: outcome = .stopped(lastFault?.message ?? "the run was ended")
    case .superseded:
      throw ZorBAError(
        .refused, "another agent of this site took over",
        advice: "Run one agent a site.")
    case .refused:
      throw lastFault ?? ZorBAError(.refused, "the coordinator refused the site")
    case .interrupted: outcome = .interrupted
    case .failed(let reason):
      throw lastFault
        ?? ZorBAError(
          .invalidJournal, reason,
          advice: "Check this machine and its copy of the base model, then start again.")
    }
  }
}

extension SiteMachine.Goodbye {
  /// A reason that this version does not know is no reason to stay away.
  init(_ reason: Zorba_V1_Goodbye.Reason) {
    self =
      switch reason {
      case .finished: .finished
      case .stopped: .stopped
      case .refused: .refused
      case .diverged: .diverged
      case .superseded: .superseded
      case .again, .unspecified, .UNRECOGNIZED: .again
      }
  }
}
