import SwiftProtobuf
import ZorBADiagnostics
import ZorBAFederation
import ZorBAOptimization
import ZorBASitePolicy
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Updates of first-order methods, which leave before the message that names them.
extension AgentSession {
  /// Asks the policy, writes down what is about to leave, and lets it go.
  func beginUpload(of answer: SiteWork.Answer, _ update: DenseDelta) throws {
    guard outbox != nil else { return }
    let body = agent.options.alter(update.body)
    let ticket = answer.ticket
    let declaration = Zorba_V1_UpdateDeclaration.with {
      $0.run = runName
      $0.round = UInt64(ticket.round)
      $0.attempt = ticket.attempt == 1 ? 0 : UInt32(clamping: ticket.attempt)
      $0.bytes = UInt64(body.count)
      $0.digest = Data(answer.updateDigest?.bytes ?? [])
    }
    var facts = facts ?? RoundFacts(round: ticket.round, blocks: [], cohort: nil, now: .now)
    facts.now = .now
    facts.updateBytes = body.count
    do {
      if let refusal = try dispatch.release(declaration, on: .round(facts), run: runName) {
        return try sendDeclined(ticket, refusal)
      }
    } catch let error as ZorBAError where error.code == .inputOutput {
      lastFault = error
      observer(.warning("\(error)"))
      outbox = nil
      return try perform(.unsent)
    }
    // Of the same answer something may be there from another try.
    let asks = uploading?.updateDigest == answer.updateDigest
    uploading = answer
    uploads += 1
    link.upload(
      declaration, body, asks: asks, number: uploads,
      beforePiece: agent.options.beforePiece)
  }

  /// The update is there, so its answer counts; or it is not, and the coordinator need not wait.
  func finishUpload(_ number: Int, _ fault: ZorBAError?) throws {
    guard number == uploads, let answer = uploading, outbox != nil,
      self.answer?.ticket == answer.ticket
    else { return }
    guard let fault else { return try tell(answer) }
    observer(.warning("the update of round \(answer.ticket.round) was not sent: \(fault)"))
    try sendDeclined(answer.ticket, .transfer)
  }

  /// A round that is committed needs no update any more.
  func giveUpUpload(before round: Int) {
    guard let uploading, uploading.ticket.round <= round else { return }
    self.uploading = nil
    uploads += 1
    link.cancelUpload()
  }
}
