import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAIdentity
import ZorBASecureAggregation
import ZorBASitePolicy
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Answers that leave as a share of a sum.
extension AgentSession {
  /// Agrees to the session of an attempt: keys and shares go to and fro while the answer is computed.
  ///
  /// - Returns: What the coordinator hears where the site does not take part; nil when it does.
  func beginSecure(
    _ ticket: RoundCoordinator.Ticket, _ outline: SecureOutline
  ) throws -> DeclineCause? {
    secure = nil
    secureBytes = 0
    do {
      let credentials = try IdentityFolder(agent.configuration.identity).load()
      let terms = SecureTerms(
        outline.configuration, federation: link.federation, run: runName, epoch: secureEpoch,
        agreed: SecureTerms.agreed(header: headerDigest, chain: outline.state))
      let memory = RunSessionMemory(
        log: try secureLog(), specification: Hexadecimal.text(headerDigest))
      let fewest = max(terms.minimumGroup, dispatch.policy.minimumCohort)
      let participation = try SecureParticipation(
        ticket, outline, terms: terms, signer: EnrolledSigner(credentials),
        verifier: FederationVerifier(
          anchor: credentials.anchor, sites: outline.configuration.federation.sites),
        memory: memory
      ) { survivors in
        guard survivors.count >= fewest else {
          throw ZorBAError(
            .refused,
            "the sum would be over \(survivors.count) sites; this site's policy asks for \(fewest)",
            at: .init(field: PolicyKey.minimumCohort.rawValue))
        }
      }
      secure = participation
      let refusal = try sendSecure(participation.start(), of: participation)
      if refusal != nil { secure = nil }
      return refusal
    } catch let error as ZorBAError {
      secure = nil
      observer(.refused(Self.sentence(error)))
      return DeclineCause(ofSecure: error)
    }
  }

  /// Takes a step of the protocol.
  func take(_ message: Zorba_V1_SecureAggregation) throws {
    let ticket = RoundCoordinator.Ticket(
      round: Int(clamping: message.round), attempt: max(1, Int(clamping: message.attempt)))
    // What belongs to an attempt that is over changes nothing.
    guard let secure, secure.ticket == ticket else { return }
    try advance(secure) { participation in
      do {
        return try participation.receive(Array(message.payload))
      } catch let error as ZorBAError where !participation.isRefused {
        // A message that comes twice, or is another session's, changes nothing.
        observer(.warning(Self.sentence(error)))
        return nil
      }
    }
  }

  /// Hands the answer to the session of its attempt.
  func provide(_ answer: SiteWork.Answer) throws {
    guard let secure, secure.ticket == answer.ticket else {
      // Asked again for an answer that is there: the session is another one.
      if outbox != nil { worker.enqueue(.outline(answer.ticket, group: assignedGroup)) }
      return
    }
    try advance(secure) { try $0.provide(answer, share: dispatch.policy.share) }
  }

  private func advance(
    _ secure: SecureParticipation, _ step: (SecureParticipation) throws -> [UInt8]?
  ) throws {
    let hadAnswered = secure.hasAnswered
    let refusal: DeclineCause?
    do {
      refusal = try step(secure).flatMap { try sendSecure($0, of: secure) }
    } catch let error as ZorBAError {
      observer(.refused(Self.sentence(error)))
      refusal = DeclineCause(ofSecure: error)
    }
    if let refusal { return try endSecure(secure, refusal) }
    if secure.hasAnswered, !hadAnswered, let answer, answer.ticket == secure.ticket {
      try tell(answer, isMasked: true)
    }
  }

  /// A refusal is final: the keys are gone.
  private func endSecure(_ secure: SecureParticipation, _ cause: DeclineCause) throws {
    self.secure = nil
    worker.cancel()
    try sendDeclined(secure.ticket, cause)
  }

  /// - Returns: What the coordinator hears where the policy keeps the message in; nil otherwise.
  private func sendSecure(
    _ payload: [UInt8], of secure: SecureParticipation
  ) throws -> DeclineCause? {
    let ticket = secure.ticket
    let message = Zorba_V1_SiteMessage.with {
      $0.secureAggregation = .with {
        $0.round = UInt64(ticket.round)
        $0.attempt = ticket.attempt == 1 ? 0 : UInt32(clamping: ticket.attempt)
        $0.payload = Data(payload)
      }
    }
    var facts = facts ?? RoundFacts(round: ticket.round, blocks: [], cohort: nil, now: .now)
    facts.now = .now
    if let refusal = try send(message, on: .round(facts)) { return refusal }
    secureBytes += (try message.serializedBytes() as [UInt8]).count
    return nil
  }

  private func secureLog() throws -> SecureSessionLog {
    if let sessionLog { return sessionLog }
    let log = try SecureSessionLog(folder: agent.configuration.state)
    sessionLog = log
    return log
  }
}
