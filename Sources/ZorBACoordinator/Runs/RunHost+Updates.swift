import Logging
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Rounds of first-order methods: updates come in beside the stream and become one dense change.
extension RunHost {
  /// Lets a site upload the update that it is asked for, and nothing else.
  ///
  /// - Throws: `ZorBAError` with code `interrupted` when its answer is not awaited, with code
  ///   `invalidData` when the update has not the size that the round's blocks give it.
  func admit(
    _ declaration: Zorba_V1_UpdateDeclaration, of site: String
  ) throws -> UpdateReceiver {
    let round = Int(clamping: declaration.round)
    let ticket = RoundCoordinator.Ticket(round: round, attempt: max(1, Int(declaration.attempt)))
    guard let inbox, let server, let engine, let timeline, let client = blueprint.clients[site]
    else {
      throw ZorBAError(
        .invalidData, "run '\(name)' asks for scalars, not for updates",
        at: .init(field: "UpdateDeclaration.run"))
    }
    guard machine.phase == .collecting, ticket == machine.ticket, sessions[client] != nil,
      machine.awaited.contains(client)
    else {
      throw ZorBAError(
        .interrupted,
        "nobody waits for the update of \(site) to round \(round), attempt \(ticket.attempt)")
    }
    let plan = timeline.plan(round: round)
    let byteCount = try server.byteCount(of: engine.blocks(of: client, round: round, plan: plan))
    guard declaration.bytes == UInt64(byteCount) else {
      throw ZorBAError(
        .invalidData,
        "an update of \(declaration.bytes) bytes was declared; this round's has \(byteCount)",
        at: .init(field: "UpdateDeclaration.bytes"))
    }
    return try inbox.receive(
      .init(
        round: round, byteCount: byteCount, digest: Digest128(prefixOf: declaration.digest)),
      of: client, from: Int(clamping: declaration.offset))
  }

  /// Whether what a result names came in whole; true where results name nothing.
  func hasUpdate(_ result: Zorba_V1_Result, of client: Int) -> Bool {
    guard let inbox else { return result.updateDigest.isEmpty }
    guard result.updateDigest.count == Digest128.byteCount else { return false }
    return inbox.file(
      of: client, round: Int(clamping: result.round),
      digest: Digest128(prefixOf: result.updateDigest)) != nil
  }

  /// Judges and averages updates beside everything else, then commits what they come to.
  func closeDense(
    _ ticket: RoundCoordinator.Ticket, _ reports: [RoundCoordinator.Report], _ inbox: UpdateInbox,
    _ server: DenseServer
  ) {
    guard let engine, let timeline else {
      return later(.failed(ticket, reason: "there is no plan to aggregate by"))
    }
    let plan = timeline.plan(round: ticket.round)
    let answers = reports.map { report in
      DenseServer.Answer(
        client: report.client, weight: engine.members[report.client].weight ?? 0,
        blocks: engine.blocks(of: report.client, round: ticket.round, plan: plan),
        file: inbox.path(of: report.client))
    }
    closings += 1
    let number = closings
    let learningRate = engine.learningRate(round: ticket.round)
    Task.detached { [weak self] in
      let closing = Result {
        try DenseClosing(
          of: answers, round: ticket.round, learningRate: learningRate, server: server)
      }
      await self?.finish(closing, ticket, reports, number: number)
    }
  }

  /// Says something to the machine once it has said what it is saying.
  private func later(_ event: RunMachine.Event) {
    Task { [weak self] in await self?.handle(event) }
  }

  private func finish(
    _ closing: Result<DenseClosing, any Error>, _ ticket: RoundCoordinator.Ticket,
    _ reports: [RoundCoordinator.Report], number: Int
  ) {
    // A run that went back meanwhile has other rounds to close.
    guard number == closings, machine.phase == .closing, ticket == machine.ticket else { return }
    do {
      handle(try commit(closing.get(), ticket, reports))
    } catch {
      recoverLater(from: error)
      handle(.failed(ticket, reason: "\(error)"))
    }
  }

  private func commit(
    _ closing: DenseClosing, _ ticket: RoundCoordinator.Ticket,
    _ reports: [RoundCoordinator.Report]
  ) throws -> RunMachine.Event {
    guard let engine, let timeline else {
      return .failed(ticket, reason: "there is no plan to aggregate by")
    }
    for (client, fault) in closing.faults {
      warn(
        "the update of \(sites[client].name) to round \(ticket.round) cannot be used: \(fault)")
    }
    guard let committed = closing.committed else {
      return .rejected(ticket, clients: Set(closing.faults.map(\.client)))
    }
    let accepted = Set(committed.round.participants.map { Int($0) - 1 })
    let seconds = (ContinuousClock.now - roundStart) / .seconds(1)
    let metrics = engine.metrics(
      of: committed.round, changes: committed.changes, plan: timeline.plan(round: ticket.round),
      reports: reports.filter { accepted.contains($0.client) },
      leftOut: closing.faults.map(\.client), seconds: seconds,
      peakMemoryBytes: (sites.map(\.peakMemoryMiB).max() ?? 0) << 20)
    try audit?.ready()
    try record(metrics, ticket: ticket, accepted: accepted, reports: reports)
    let before = journal.chain
    try journal.append(committed.round, changes: committed.changes.body)
    auditCommit(
      metrics.round, participants: committed.round.participants, attempt: ticket.attempt)
    server?.adopt()
    tail.append(
      .with {
        $0.advance.commit = .with {
          $0.round = committed.round.number
          $0.chain = journal.chain.leadingWord
          $0.journalBytes = UInt64(journal.byteCount)
        }
      }, after: before)
    replica?.committed(committed.round, changes: committed.changes.body, chain: journal.chain)
    resultWriter.append(metrics)
    inbox?.clear()
    learn(from: metrics, seconds: seconds)
    return .committed(ticket)
  }
}
