import Crypto
import Logging
import SwiftProtobuf
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBASecureAggregation
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Rounds of which the coordinator learns sums over groups of sites and nothing else.
///
/// Keys and shares go to and fro while sites compute. A masked answer counts as an answer does; when the
/// round closes, those who answered agree on who they are and take the masks off their sum. A group
/// that loses too many on the way gives no sum and is left out of the round.
extension RunHost {
  /// Whether sites' answers are added up under masks.
  nonisolated var isSecure: Bool { blueprint.configuration.secureAggregation.isOn }

  /// Begins a stretch of the run in which no attempt comes twice.
  ///
  /// A disk that refuses keeps nothing from going on: a later process takes the clock's number.
  func beginEpoch() {
    secure = nil
    stopTimer(.secure)
    selection.keep(to: SignedLists.read(from: folder))
    do {
      secureEpoch = try SecureEpoch.begin(in: folder)
    } catch {
      secureEpoch += 1
      warn("the number of this stretch of the run is not kept: \(error)")
    }
  }

  /// Opens a session for every group of those who are asked.
  func openSecure(_ ticket: RoundCoordinator.Ticket, _ clients: [Int]) {
    secure = nil
    stopTimer(.secure)
    guard let engine, let timeline else { return }
    do {
      secure = try SecureAttempt(
        ticket,
        groups: engine.groups(
          of: clients, round: ticket.round, plan: timeline.plan(round: ticket.round)),
        terms: secureTerms,
        verifier: SiteVerifier(trust: options.trust, sites: blueprint.sites))
      let seconds = deadlines.deadline(asked: clients, failed: max(0, machine.tries - 1))
      startPhases([.advertising, .sharing], of: ticket, seconds: seconds / 4)
    } catch {
      warn("round \(ticket.round) cannot be aggregated securely: \(error)")
    }
  }

  private var secureTerms: SecureTerms {
    SecureTerms(
      blueprint.configuration, federation: options.federation, run: name, epoch: secureEpoch,
      agreed: SecureTerms.agreed(
        header: Array(SHA256.hash(data: journal.header.encoded)), chain: "\(journal.chain)"))
  }

  /// Who of the sites with a client's blocks is asked too, as an assignment says it: empty for all.
  func groupBits(of client: Int, round: Int, asked: Set<Int>) -> [UInt8] {
    guard isSecure, let timeline else { return [] }
    let group = timeline.plan(round: round).matrix(round: round).group(of: client)
    guard !group.allSatisfy(asked.contains) else { return [] }
    var bits = [UInt8](repeating: 0, count: (group.count + 7) / 8)
    for (index, peer) in group.enumerated() where asked.contains(peer) {
      bits[index / 8] |= 1 << UInt8(index % 8)
    }
    return bits
  }

  /// Takes a step of the protocol.
  func take(
    _ message: Zorba_V1_SecureAggregation, of client: Int, _ session: SiteSession
  ) {
    let ticket = RoundCoordinator.Ticket(
      round: Int(clamping: message.round), attempt: max(1, Int(clamping: message.attempt)))
    guard sessions[client]?.id == session.id, secure?.ticket == ticket,
      let place = secure?.places[client]
    else { return }
    secure?.bytes.up += message.payload.count
    do {
      try secure?.groups[place].server.receive(Array(message.payload), from: client)
    } catch {
      warn("\(session.site), round \(ticket.round): \(error)")
    }
    settleSecure()
  }

  /// Leaves a client out that is gone or declined.
  func leaveOutSecure(_ client: Int) {
    guard let place = secure?.places[client], secure?.groups[place].isOver == false else { return }
    // What it means for the group is told below.
    try? secure?.groups[place].server.drop(client)
    settleSecure()
  }

  /// Sends what is to be sent, tells what went wrong, and goes on where all groups came to their end.
  private func settleSecure() {
    sendSecure()
    let lost = tellSecureFaults()
    guard let attempt = secure else { return }
    if machine.phase == .collecting, !lost.isEmpty {
      return handle(.dropped(attempt.ticket, clients: lost))
    }
    guard attempt.isOver, attempt.reports != nil, machine.phase == .closing,
      machine.ticket == attempt.ticket
    else { return }
    stopTimer(.secure)
    handle(finishSecure(attempt))
  }

  private func sendSecure() {
    guard var attempt = secure else { return }
    let ticket = attempt.ticket
    for place in attempt.groups.indices {
      for message in attempt.groups[place].server.takeOutgoing() {
        attempt.bytes.down += message.payload.count
        sessions[message.member]?.send(
          .with {
            $0.secureAggregation = .with {
              $0.round = UInt64(ticket.round)
              $0.attempt = ticket.attempt == 1 ? 0 : UInt32(clamping: ticket.attempt)
              $0.payload = Data(message.payload)
            }
          })
      }
    }
    secure = attempt
  }

  /// - Returns: Those who can no longer answer in this attempt, of those who have not.
  private func tellSecureFaults() -> Set<Int> {
    guard var attempt = secure else { return [] }
    var lost: Set<Int> = []
    for place in attempt.groups.indices {
      let group = attempt.groups[place]
      for fault in group.server.faults.dropFirst(group.toldFaults) {
        warn(
          "\(sites[fault.member].name) is left out of round \(attempt.ticket.round): \(fault.error)"
        )
      }
      attempt.groups[place].toldFaults = group.server.faults.count
      if group.server.phase == .failed, !group.toldFailure {
        attempt.groups[place].toldFailure = true
        warn(
          "round \(attempt.ticket.round): no sum of "
            + "\(group.members.map { sites[$0].name }.joined(separator: ", ")): "
            + (group.server.failure?.message ?? "too few are left"))
      }
      lost.formUnion(Set(group.members).subtracting(group.alive))
    }
    secure = attempt
    return lost.intersection(machine.awaited)
  }

  /// Has those who answered take the masks off.
  func closeSecure(
    _ ticket: RoundCoordinator.Ticket, _ reports: [RoundCoordinator.Report]
  ) -> [RunMachine.Event] {
    guard var attempt = secure, attempt.ticket == ticket else {
      return [.rejected(ticket, clients: [])]
    }
    attempt.reports = reports
    guard canReachQuorum(attempt) else {
      secure = nil
      return [.rejected(ticket, clients: [])]
    }
    let counted = Set(reports.map(\.client))
    for place in attempt.groups.indices where !attempt.groups[place].isOver {
      // Whose weights differ, or whose answer came without the rest of it, must be in no sum, and no
      // masked answer can be taken out of one.
      let server = attempt.groups[place].server
      guard server.phase != .masking || counted.isSuperset(of: server.answered) else {
        attempt.groups[place].isSpoilt = true
        continue
      }
      while !attempt.groups[place].isOver, attempt.groups[place].server.phase.isBeforeClosing {
        do {
          try attempt.groups[place].server.closePhase()
        } catch { break }
      }
    }
    do {
      try keepLists(of: attempt)
    } catch {
      secure = nil
      recoverLater(from: error)
      return [.failed(ticket, reason: "\(error)")]
    }
    secure = attempt
    sendSecure()
    _ = tellSecureFaults()
    guard let attempt = secure else { return [] }
    if attempt.isOver { return [finishSecure(attempt)] }
    let seconds = deadlines.deadline(asked: asked, failed: max(0, machine.tries - 1))
    startPhases([.confirming, .unmasking], of: ticket, seconds: seconds / 4)
    return []
  }

  /// Whether the round would count with all whose masked answers are there.
  ///
  /// Asked before anybody signs a list: whoever did helps to no other sum of the round.
  private func canReachQuorum(_ attempt: SecureAttempt) -> Bool {
    guard let engine else { return true }
    let answered = attempt.groups.reduce(0) { sum, group in
      sum + (group.server.phase == .masking ? group.server.answered.count : 0)
    }
    return answered >= engine.quorum(asked: asked.count)
  }

  /// Writes down whom sites are about to sign for, so that the round is never asked of others.
  private func keepLists(of attempt: SecureAttempt) throws {
    let lists = attempt.groups.filter { $0.server.phase == .confirming }.map(
      \.server.survivingMembers)
    guard !lists.isEmpty else { return }
    var kept = SignedLists(round: attempt.ticket.round, groups: lists)
    if let before = SignedLists.read(from: folder), before.round == kept.round {
      kept.groups += before.groups.filter { !lists.contains($0) }
      guard kept.groups.count > before.groups.count else { return }
    }
    try kept.write(to: folder)
    selection.keep(to: kept)
  }

  /// Makes the round of what the groups told.
  private func finishSecure(_ attempt: SecureAttempt) -> RunMachine.Event {
    let ticket = attempt.ticket
    secure = nil
    guard var engine, let timeline else {
      return .failed(ticket, reason: "there is no plan to aggregate by")
    }
    let plan = timeline.plan(round: ticket.round)
    let sums = attempt.groups.compactMap { group -> GroupSum? in
      guard let result = group.server.result else { return nil }
      do {
        return try secureTerms.sum(of: result, members: group.members.count)
      } catch {
        warn("round \(ticket.round): \(error)")
        return nil
      }
    }
    let survivors = sums.flatMap(\.members)
    guard !sums.isEmpty, survivors.count >= engine.quorum(asked: asked.count) else {
      return .rejected(ticket, clients: [])
    }
    do {
      let closing = try engine.close(groups: sums, round: ticket.round, plan: plan)
      closing.reasons.forEach(warn)
      let seconds = (ContinuousClock.now - roundStart) / .seconds(1)
      guard let round = closing.committed,
        let metrics = engine.metrics(
          of: closing, plan: plan, byteCounts: attempt.bytes, seconds: seconds,
          peakMemoryBytes: (sites.map(\.peakMemoryMiB).max() ?? 0) << 20)
      else { return .failed(ticket, reason: "no group gave a usable sum") }
      let known = Dictionary(
        closing.accepted.flatMap { sum in sum.members.map { ($0, sum.meanLoss) } },
        uniquingKeysWith: { first, _ in first })
      let reports = (attempt.reports ?? []).map { report in
        RoundCoordinator.Report(
          client: report.client, scalars: [], examples: 0, loss: known[report.client] ?? .nan)
      }
      try commit(round, metrics, ticket: ticket, plan: plan, reports: reports)
      self.engine = engine
      learn(from: metrics, seconds: seconds)
      return .committed(ticket)
    } catch {
      recoverLater(from: error)
      return .failed(ticket, reason: "\(error)")
    }
  }
}

// MARK: - Time

extension RunHost {
  /// Ends phases one after the other that last too long.
  private func startPhases(
    _ phases: [SecureAggregationServer.Phase], of ticket: RoundCoordinator.Ticket, seconds: Double
  ) {
    timers[.secure]?.cancel()
    timers[.secure] = Task { [weak self] in
      for phase in phases {
        try? await Task.sleep(for: .seconds(seconds))
        guard !Task.isCancelled else { return }
        await self?.endPhase(phase, of: ticket)
      }
    }
  }

  /// Goes on without those who have not answered a phase.
  func endPhase(_ phase: SecureAggregationServer.Phase, of ticket: RoundCoordinator.Ticket) {
    guard let attempt = secure, attempt.ticket == ticket else { return }
    for place in attempt.groups.indices where attempt.groups[place].server.phase.isBefore(phase) {
      // What it means for the group is told below.
      try? secure?.groups[place].server.closePhase()
    }
    settleSecure()
  }
}

extension SecureAggregationServer.Phase {
  /// Whether answers are still being collected.
  fileprivate var isBeforeClosing: Bool { isBefore(.masking) }

  /// Whether this phase is that one, or an earlier one.
  fileprivate func isBefore(_ other: Self) -> Bool {
    let order: [Self] = [.advertising, .sharing, .masking, .confirming, .unmasking]
    guard let place = order.firstIndex(of: self), let limit = order.firstIndex(of: other) else {
      return false
    }
    return place <= limit
  }
}
