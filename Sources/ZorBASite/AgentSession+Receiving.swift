import Crypto
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

/// What the coordinator says.
extension AgentSession {
  func receive(_ message: Zorba_V1_CoordinatorMessage) throws {
    switch message.kind {
    case .welcome(let welcome): try take(welcome)
    case .advance(let advance): try take(advance)
    case .record(let record):
      backlog.append(.record(record))
      try perform(.record)
    case .evaluate(let request):
      let round = Int(clamping: request.round)
      evaluationSplits = [round: request.test]
      try perform(SiteMachine.Event.evaluate(round: round))
    case .digestRequest(let request):
      try perform(.digestRequest(round: Int(clamping: request.round)))
    case .pause(let pause): observer(.paused(pause.reason))
    case .goodbye(let goodbye):
      lastFault = ZorBAError(.refused, goodbye.text)
      switch goodbye.reason {
      case .diverged: distrustsSnapshots = true
      case .stopped, .refused, .superseded, .finished: isEnding = true
      case .again, .unspecified, .UNRECOGNIZED: break
      }
      try perform(.goodbye(SiteMachine.Goodbye(goodbye.reason)))
    case .secureAggregation(let message): try take(message)
    case .heartbeat, nil: break
    }
  }

  func take(_ welcome: Zorba_V1_Welcome) throws {
    try requireWanted(welcome.run)
    let bytes = Array(welcome.journalHeader)
    let header = try JournalHeader(encoded: bytes)
    runName = welcome.run
    secureEpoch = welcome.secureEpoch
    headerDigest = Array(SHA256.hash(data: bytes))
    rounds = try dispatch.admit(run: runName, header: header, encoded: bytes)
    trainsAdapter = header.configuration["adapter"] != nil
    isMasked = SecureOutline.isOn(in: header.configuration)
    worker.enqueue(
      .join(run: runName, number: Int(welcome.siteNumber), header: bytes))
    observer(.joined(run: runName, round: Int(clamping: welcome.lastRound), rounds: rounds))
    // What was admitted is this header, so nothing is answered from a copy of another run, whatever
    // the coordinator says of it.
    let isForeign = !copiedHeader.isEmpty && copiedHeader != bytes
    if isForeign {
      observer(.warning("the copy of the journal is another run's; it is put aside"))
    }
    let greeting = SiteMachine.Event.welcome(
      lastRound: Int(clamping: welcome.lastRound),
      restarts: welcome.journalRestarts || isForeign)
    journalEnd = max(1, welcome.lastRound)
    try perform(greeting)
    // What a broken connection left unfinished goes on over this one.
    if isFetchingWeights { try fetchWeights() }
  }

  /// A site whose file names a run takes part in no other.
  private func requireWanted(_ name: String) throws {
    guard let wanted = agent.configuration.run, !wanted.utf8.elementsEqual(name.utf8) else {
      return
    }
    let error = ZorBAError(
      .refused,
      "the coordinator welcomes the site to run '\(name.excerpt())'; the site's file names "
        + "'\(wanted.excerpt())'", at: .init(field: "run"),
      advice: "Tell the operator, or name another run in the site's file.")
    agent.options.audit?.noteRefusal(error.message, run: name, round: nil)
    throw error
  }

  func take(_ advance: Zorba_V1_Advance) throws {
    var next: UInt64 = 0
    if advance.hasCommit {
      next = advance.commit.round &+ 1
      backlog.append(.commit(advance.commit))
      try perform(.commit(round: Int(clamping: advance.commit.round)))
    }
    guard advance.hasAssignment else { return }
    let assignment = advance.assignment
    assignedGroup = Array(assignment.group)
    digestBlock = assignment.digestBlock > 0 ? Int(assignment.digestBlock) - 1 : nil
    try perform(
      .assignment(
        .init(
          round: Int(clamping: assignment.round == 0 ? next : assignment.round),
          attempt: max(1, Int(clamping: assignment.attempt)))))
  }
}
