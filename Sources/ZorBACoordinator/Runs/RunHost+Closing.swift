import Logging
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBAStore
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The end of a round: answers become a commit, durably.
extension RunHost {
  /// Judges, aggregates, stores and journals.
  func close(
    _ ticket: RoundCoordinator.Ticket, _ reports: [RoundCoordinator.Report]
  ) -> RunMachine.Event {
    guard var engine, let timeline else {
      return .failed(ticket, reason: "there is no plan to aggregate by")
    }
    let plan = timeline.plan(round: ticket.round)
    do {
      let closing = try engine.close(reports, round: ticket.round, plan: plan)
      guard let round = closing.committed else {
        return .failed(ticket, reason: "no site gave a usable answer")
      }
      closing.reasons.forEach(warn)
      let seconds = (ContinuousClock.now - roundStart) / .seconds(1)
      guard
        var metrics = engine.metrics(
          of: closing, plan: plan, halves: answers.compactMapValues(\.halves), seconds: seconds,
          peakMemoryBytes: (sites.map(\.peakMemoryMiB).max() ?? 0) << 20)
      else { return .failed(ticket, reason: "the round has no metrics") }
      let contributions = watch(&metrics, plan: plan)
      try commit(round, metrics, ticket: ticket, plan: plan, reports: reports)
      self.engine = engine
      self.contributions = contributions
      metrics.alarms.forEach(warn)
      learn(from: metrics, seconds: seconds)
      return .committed(ticket)
    } catch {
      recoverLater(from: error)
      return .failed(ticket, reason: "\(error)")
    }
  }

  /// Has a run that stands still because its disk refused go on as soon as the disk takes it.
  ///
  /// What failed was taken back, and nobody heard of it, so doing it again is all that is needed.
  func recoverLater(from error: any Error) {
    guard (error as? ZorBAError)?.code == .inputOutput else { return }
    timers[.recovery]?.cancel()
    timers[.recovery] = Task { [weak self, options] in
      try? await Task.sleep(for: .seconds(options.retrySeconds))
      guard !Task.isCancelled else { return }
      await self?.recover()
    }
  }

  private func recover() {
    timers[.recovery] = nil
    guard !isOperatorPaused, machine.phase == .paused else { return }
    note("retry", site: nil, [:])
    handle(.resume)
  }

  /// Makes a round durable: the store first, so that a journaled round always has its metrics.
  func commit(
    _ round: CommittedRound, _ metrics: RoundMetrics, ticket: RoundCoordinator.Ticket,
    plan: ActivationPlan, reports: [RoundCoordinator.Report]
  ) throws {
    try audit?.ready()
    try record(
      metrics, ticket: ticket, accepted: Set(round.participants.map { Int($0) - 1 }),
      reports: reports)
    let compact = try engine?.terms.compact(round, plan: plan)
    try append(.round(round)) { chain in
      .with {
        $0.advance.commit = .with {
          $0.round = round.number
          $0.participants = Data(compact?.participants ?? [])
          $0.coefficients = Data(compact?.coefficients ?? [])
          $0.chain = chain
        }
      }
    }
    auditCommit(metrics.round, participants: round.participants, attempt: ticket.attempt)
    replica?.committed(round, chain: journal.chain)
    resultWriter.append(metrics)
  }

  /// Stores a round that is about to be journaled.
  func record(
    _ metrics: RoundMetrics, ticket: RoundCoordinator.Ticket, accepted: Set<Int>,
    reports: [RoundCoordinator.Report]
  ) throws {
    let wire = traffic()
    try store.record(
      metrics, attempt: ticket.attempt,
      wire: (wire.received &- wireBefore.received, wire.sent &- wireBefore.sent),
      results: try reports.map { report in
        StoredResult(
          site: sites[report.client].name,
          scalars: try ScalarBlob(Array(report.scalars.joined())), examples: report.examples,
          loss: report.loss.isFinite ? report.loss : nil,
          seconds: answers[report.client]?.seconds ?? 0,
          peakMemoryMiB: answers[report.client]?.peakMemoryMiB,
          accepted: accepted.contains(report.client))
      })
  }

  /// Adds a record to the journal, durably, and to what sites that come next will be sent.
  func append(
    _ record: JournalRecord, message: (_ chain: UInt64) -> Zorba_V1_CoordinatorMessage
  ) throws {
    let before = journal.chain
    try journal.append(record)
    tail.append(message(journal.chain.leadingWord), after: before)
  }

  /// Adds a record that is no round, and tells the sites.
  func appendAndTell(_ record: JournalRecord) throws {
    try append(record) { JournalTail.message(record, chain: $0) }
    if let message = tail.last {
      for session in sessions.values { session.send(message) }
    }
  }

  func learn(from metrics: RoundMetrics, seconds: Double) {
    lastLoss = metrics.loss
    payload.received += UInt64(clamping: metrics.bytesUp)
    payload.sent += UInt64(clamping: metrics.bytesDown)
    secondsPerRound = secondsPerRound == 0 ? seconds : 0.9 * secondsPerRound + 0.1 * seconds
    for client in asked {
      if let answer = answers[client] {
        deadlines.learn(client: client, seconds: answer.seconds, elapsed: answer.elapsed)
        sites[client].answered(
          round: metrics.round, seconds: answer.seconds, peakMemoryMiB: answer.peakMemoryMiB)
      } else {
        sites[client].misses += 1
      }
    }
    observer(.committed(run: name, metrics, rounds: blueprint.configuration.rounds))
  }
}
