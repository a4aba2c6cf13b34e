import Logging
import SwiftProtobuf
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the machine decides, carried out.
extension RunHost {
  /// Gives the machine an event and does what it says; what that leads to is handled too.
  func handle(_ event: RunMachine.Event) {
    var events = [event]
    var mail = Mail()
    while !events.isEmpty {
      let event = events.removeFirst()
      audit(event)
      if case .committed = event { tellOfEstimates() }
      for action in machine.handle(event) { events += perform(action, mail: &mail) }
    }
    deliver(mail)
    consultReplica()
    reportState()
  }

  /// The machine hears of better estimates before it goes on from a commit, so that the plan is made
  /// at this very boundary, as a simulation makes it.
  private func tellOfEstimates() {
    let blocks = blueprint.configuration.blocks
    let every = blocks.replanEvery
    let done = Int(clamping: journal.lastRound)
    guard every > 0, blocks.plan.needsEstimates, done > 0, done % every == 0,
      timeline?.begins(round: done + 1) != true
    else {
      return
    }
    _ = machine.handle(.estimates)
  }

  /// What is told to sites together: the commit of a round and the question of the next.
  struct Mail {
    var commit: Zorba_V1_CoordinatorMessage?
    var round = 0
    var committedTo: Set<Int> = []
    var assigned: RoundCoordinator.Ticket?
    var assignedTo: Set<Int> = []
  }

  /// Does one thing; returns what the machine must hear of it.
  private func perform(_ action: RunMachine.Action, mail: inout Mail) -> [RunMachine.Event] {
    switch action {
    case .assign(let ticket, let clients):
      if mail.assigned != nil { flush(&mail) }
      // Connecting and catching up are no part of a round.
      if ticket.round != meteredRound {
        wireBefore = traffic()
        meter.begin(siteTraffic)
      }
      meteredRound = ticket.round
      mail.assigned = ticket
      mail.assignedTo = Set(clients)
      answers = [:]
      asked = clients
      roundStart = .now
      if isSecure { openSecure(ticket, clients) }
    case .startDeadline(let ticket): startDeadline(ticket)
    case .cancelDeadline: stopTimer(.deadline)
    case .close(let ticket, let reports):
      if let inbox, let server {
        closeDense(ticket, reports, inbox, server)
      } else if isSecure {
        return closeSecure(ticket, reports)
      } else {
        return [close(ticket, reports)]
      }
    case .broadcast(let round, let clients):
      if mail.commit != nil || mail.assigned != nil { flush(&mail) }
      mail.commit = tail.last
      mail.round = round
      mail.committedTo = Set(clients)
    case .catchUp(let client, _):
      // `take(ready)` sent whatever was missing before the machine heard of the site.
      if machine.phase == .finished { sayFarewell(to: client) }
    case .again(let client, let session):
      if sessions[client]?.id == session {
        sessions[client]?.sayGoodbye(.again, "the site is ahead of the journal")
      }
    case .evaluate(let round, let clients):
      flush(&mail)
      evaluate(round: round, clients: clients)
    case .evaluated(let round): finishEvaluation(round: round)
    case .replan(let decision):
      flush(&mail)
      replan(decision)
    case .paused(let reason):
      flush(&mail)
      pauseSites(reason)
    case .resumed: break
    case .scheduleRetry: startTimer(.retry, seconds: options.retrySeconds) { .retry }
    case .quarantine(let client, let reason): quarantine(client, reason)
    case .requestDigests(let round, let clients):
      flush(&mail)
      for client in clients {
        sessions[client]?.send(.with { $0.digestRequest.round = UInt64(round) })
      }
      startTimer(.digests, seconds: options.evaluationSeconds) { .digestDeadline }
    case .end(let round, let digest, let reason):
      flush(&mail)
      stopTimer(.digests)
      return [end(round: round, digest: digest, reason: reason)]
    case .finished: finish()
    case .superseded(let client, let session):
      if sessions[client]?.id == session {
        sessions[client]?.sayGoodbye(.superseded, "another stream of this site was opened")
      }
    }
    return []
  }

  private func flush(_ mail: inout Mail) {
    deliver(mail)
    mail = Mail()
  }

  /// One message a site: what was committed, and what is asked next.
  private func deliver(_ mail: Mail) {
    guard mail.commit != nil || mail.assigned != nil else { return }
    let isNext = mail.commit != nil && mail.assigned?.round == mail.round + 1
    // Whoever hears the same is sent the same message: there are three at most.
    func message(
      hearsCommit: Bool, isAsked: Bool, group: [UInt8] = []
    ) -> Zorba_V1_CoordinatorMessage {
      var message = hearsCommit ? mail.commit ?? .init() : .init()
      if let ticket = mail.assigned, isAsked {
        message.advance.assignment = .with {
          $0.round = isNext && hearsCommit ? 0 : UInt64(ticket.round)
          $0.attempt = ticket.attempt == 1 ? 0 : UInt32(ticket.attempt)
          $0.group = Data(group)
          $0.digestBlock = blueprint.digestBlock(round: ticket.round).map { UInt32($0) + 1 } ?? 0
        }
      }
      return message
    }
    let both = message(hearsCommit: true, isAsked: true)
    let commitOnly = message(hearsCommit: true, isAsked: false)
    let questionOnly = message(hearsCommit: false, isAsked: true)
    for client in mail.committedTo.union(mail.assignedTo).sorted() {
      let isAsked = mail.assignedTo.contains(client)
      if isAsked, let ticket = mail.assigned {
        let group = groupBits(of: client, round: ticket.round, asked: mail.assignedTo)
        if !group.isEmpty {
          sessions[client]?.send(
            message(
              hearsCommit: mail.committedTo.contains(client), isAsked: true, group: group))
          continue
        }
      }
      sessions[client]?.send(
        mail.committedTo.contains(client) ? isAsked ? both : commitOnly : questionOnly)
    }
  }

  private func pauseSites(_ reason: String) {
    for session in sessions.values { session.send(.with { $0.pause.reason = reason }) }
  }

  private func quarantine(_ client: Int, _ reason: String) {
    sites[client].isQuarantined = true
    sites[client].divergences += 1
    sites[client].reason = reason
    unsavedSites.insert(client)
    saveSites()
    note("quarantined", site: sites[client].name, ["reason": "\(reason)"])
    warn("\(sites[client].name) is quarantined: \(reason)")
    sessions[client]?.sayGoodbye(.diverged, reason)
  }

  func readmit(_ client: Int) {
    sites[client].isQuarantined = false
    sites[client].reason = ""
    saveSite(client)
    note("readmitted", site: sites[client].name, [:])
    handle(.readmit(client: client))
  }
}

// MARK: - Time

extension RunHost {
  private func startDeadline(_ ticket: RoundCoordinator.Ticket) {
    let seconds = deadlines.deadline(asked: asked, failed: max(0, machine.tries - 1))
    startTimer(.deadline, seconds: seconds) { .deadline(ticket) }
  }

  func startTimer(
    _ key: TimerKey, seconds: Double, _ event: @escaping @Sendable () -> RunMachine.Event
  ) {
    timers[key]?.cancel()
    timers[key] = Task { [weak self] in
      try? await Task.sleep(for: .seconds(seconds))
      guard !Task.isCancelled else { return }
      await self?.handle(event())
    }
  }

  func stopTimer(_ key: TimerKey) {
    timers.removeValue(forKey: key)?.cancel()
  }
}
