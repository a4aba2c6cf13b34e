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

/// What the coordinator hears, each message past the policy first.
extension AgentSession {
  func hello(bytes: Int, chain: [UInt8]) -> Zorba_V1_SiteMessage {
    .with {
      $0.hello = .with {
        $0.run = agent.configuration.run ?? ""
        $0.protocolMinimum = ProtocolVersions.current.minimum
        $0.protocolMaximum = ProtocolVersions.current.maximum
        $0.software = Software.description
        $0.journalBytes = UInt64(bytes)
        $0.journalChain = Data(chain)
      }
    }
  }

  func sendReady(_ ready: Zorba_V1_Ready) throws {
    var ready = ready
    let share = dispatch.policy.share
    if ready.hasCosts {
      if ready.examples > 0 {
        ready.examples = UInt32(clamping: share.examples(Int(ready.examples)))
      }
      if share.sharesCosts {
        ready.costs.budgetBytes = UInt64(agent.configuration.memoryMiB) << 20
      } else {
        ready.clearCosts()
      }
    }
    toldAll = true
    try send(.with { $0.ready = ready })
  }

  func sendResult(_ ticket: RoundCoordinator.Ticket) throws {
    guard let answer, answer.ticket == ticket else { return }
    // An update goes up first, beside the stream.
    if let update = answer.update { return try beginUpload(of: answer, update) }
    if answer.isSecure { return try provide(answer) }
    try tell(answer)
  }

  /// Tells the coordinator of an answer.
  ///
  /// - Parameter isMasked: Whether the answer itself went before as masked numbers: then nothing that
  ///   it hides is told beside it.
  func tell(_ answer: SiteWork.Answer, isMasked: Bool = false) throws {
    let ticket = answer.ticket
    let share = dispatch.policy.share
    let result = Zorba_V1_Result.with {
      $0.round = UInt64(ticket.round)
      $0.attempt = ticket.attempt == 1 ? 0 : UInt32(clamping: ticket.attempt)
      $0.masked = isMasked
      if !isMasked {
        $0.scalars = PackedFloats.pack(answer.scalars)
        $0.examples = UInt32(clamping: share.examples(answer.examples))
        $0.loss = share.loss(Float(answer.loss))
        $0.halfScalars = PackedFloats.pack(answer.halves)
      }
      $0.seconds = share.seconds(Float(answer.seconds))
      $0.blockDigest = Data(answer.blockDigest)
      $0.updateDigest = Data(answer.updateDigest?.bytes ?? [])
      let peak = share.peakMemoryMiB(answer.peakMemoryMiB)
      if peak > toldPeakMiB { $0.peakMemoryMib = UInt32(clamping: peak) }
    }
    let message = Zorba_V1_SiteMessage.with { $0.result = result }
    var facts = facts ?? RoundFacts(round: ticket.round, blocks: [], cohort: nil, now: .now)
    facts.now = .now
    if let refusal = try send(message, on: .round(facts)) {
      return try sendDeclined(ticket, refusal)
    }
    guard outbox != nil else { return }
    toldPeakMiB = max(toldPeakMiB, Int(result.peakMemoryMib))
    observer(
      .answered(
        round: ticket.round, rounds: rounds, loss: answer.loss,
        bytes: (try message.serializedBytes() as [UInt8]).count
          + (answer.update?.body.count ?? 0) + (isMasked ? secureBytes : 0), seconds: answer.seconds
      ))
  }

  /// Tells the coordinator that no answer comes, and why by a code: texts stay with the site.
  func sendDeclined(_ ticket: RoundCoordinator.Ticket, _ cause: DeclineCause) throws {
    try send(
      .with {
        $0.declined = .with {
          $0.round = UInt64(ticket.round)
          $0.attempt = ticket.attempt == 1 ? 0 : UInt32(clamping: ticket.attempt)
          $0.refused = cause.isRefusal
          $0.cause = .init(rawValue: cause.rawValue) ?? .unspecified
        }
      })
  }

  /// Writes down, then sends: what cannot be written down does not leave the site. The connection is
  /// given up then, and made again later, when there may be room.
  ///
  /// - Returns: What the coordinator hears where the policy keeps it in; nil otherwise.
  @discardableResult
  func send(
    _ message: Zorba_V1_SiteMessage, on occasion: SiteGate.Occasion = .other(now: .now)
  ) throws -> DeclineCause? {
    guard let outbox else { return nil }
    do {
      for message in agent.options.relay(message) {
        if let refusal = try dispatch.release(message, on: occasion, run: runName) {
          return refusal
        }
        outbox.send(message)
      }
    } catch let error as ZorBAError where error.code == .inputOutput {
      lastFault = error
      observer(.warning("\(error)"))
      self.outbox = nil
      try perform(.unsent)
    }
    return nil
  }
}
