import Logging
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
package import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What operators ask, and the end of a run.
extension RunHost {
  /// Stands still after the round under way.
  package func pause(reason: String) {
    isOperatorPaused = true
    savePause()
    note("pause", site: nil, ["reason": "\(reason)"])
    handle(.pause(reason: reason))
  }

  /// Goes on.
  package func resume() {
    isOperatorPaused = false
    stopTimer(.recovery)
    savePause()
    note("resume", site: nil, [:])
    handle(.resume)
  }

  /// Ends the run for good after the round under way; its journal is closed.
  package func stop(reason: String) {
    note("stop", site: nil, ["reason": "\(reason)"])
    handle(.stop(reason: reason))
  }

  /// Lets a quarantined site come again.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when it is not in quarantine.
  package func readmit(site: String) throws {
    guard let client = sites.firstIndex(where: { $0.name == site }) else {
      throw ZorBAError(
        .invalidConfiguration, "run '\(name)' has no site '\(site)'",
        advice: "Its sites are \(blueprint.sites.prefix(20).joined(separator: ", ")).")
    }
    guard sites[client].isQuarantined else {
      throw ZorBAError(.invalidConfiguration, "\(site) is not in quarantine")
    }
    sites[client].divergences = 0
    readmit(client)
  }

  /// Goes back to an earlier round. The journal so far is kept beside the new one.
  ///
  /// - Throws: `ZorBAError` when there is no such round or the disk refuses; the run is then as before.
  package func rollBack(to round: Int) throws {
    guard round >= 0, round < Int(clamping: journal.lastRound) || journal.hasEnded else {
      throw ZorBAError(
        .invalidConfiguration,
        "run '\(name)' stands at round \(journal.lastRound); there is nothing after \(round)",
        at: .init(field: "round"), advice: "Give an earlier round.")
    }
    guard !isSecure || round >= Int(clamping: journal.lastRound) else {
      throw ZorBAError(
        .refused,
        "run '\(name)' is aggregated securely, and its sites never sum a round twice: two sums of the "
          + "same answers would tell their difference",
        at: .init(field: "round"),
        advice: "Start a run with another seed.")
    }
    // Moments of a round that is long past are gone: then nothing has changed yet.
    try server?.stand(at: round)
    do {
      try takeBack(to: round)
    } catch {
      try? server?.stand(at: Int(clamping: journal.lastRound))
      throw error
    }
    handle(.rolledBack(to: round, members: plannedMembers))
  }

  private func takeBack(to round: Int) throws {
    let branch = folder.journal + ".new"
    try? FileManager.default.removeItem(atPath: branch)
    let fresh = try JournalWriter.branch(
      from: folder.journal, at: UInt64(round), to: branch,
      configuration: blueprint.configuration.journaled)
    let kept = try JournalFiles.replace(folder.journal, with: branch)
    journal = fresh
    tail = try JournalTail(endOfJournalAt: folder.journal)
    timeline = try RunOpening.timeline(in: folder.journal, sites: sites.count, blueprint)
    takeBackReplica(to: round)
    try store.deleteRounds(after: round)
    resultWriter = RunResultWriter(folder: folder, store: store)
    rebuildEngine()
    for client in sites.indices { sites[client].lastRound = min(sites[client].lastRound, round) }
    // What was under way belongs to rounds that are no more.
    planning += 1
    closings += 1
    if isSecure { beginEpoch() }
    inbox?.clear()
    finalDigest = nil
    toldEnd = []
    stopTimer(.gathering)
    note("rolled_back", site: nil, ["round": "\(round)", "kept": "\(kept)"])
    endStreams(.again, "the run went back to round \(round)")
  }

  /// Ends all streams; sites come again where the reason lets them.
  package func endStreams(_ reason: Zorba_V1_Goodbye.Reason, _ text: String) {
    for session in Array(sessions.values) + Array(arriving.values) {
      session.sayGoodbye(reason, text)
    }
    arriving = [:]
  }

  /// Ends the streams of one site, such as one whose certificate was revoked.
  package func endStreams(of site: String, _ text: String) {
    for session in Array(sessions.values) + Array(arriving.values) where session.site == site {
      session.sayGoodbye(.refused, text)
    }
  }

  /// Whether no site that takes part is left to be told of the end.
  package var everybodyHeardTheEnd: Bool {
    sites.indices.allSatisfy { toldEnd.contains($0) || machine.state(of: $0) != .current }
      && toldEnd.count >= plannedMembers.count && sessions.isEmpty && arriving.isEmpty
  }

  /// The sites that the plan in force was made for.
  var plannedMembers: Set<Int> {
    guard let plan = timeline?.plan(round: Int(clamping: journal.lastRound) + 1) else { return [] }
    return Set(sites.indices).subtracting(plan.idleClients)
  }

  /// Journals the end.
  func end(round: Int, digest: [UInt8]?, reason: String) -> RunMachine.Event {
    do {
      if let digest, digest.count == Digest128.byteCount * blueprint.card.model.blocks.count {
        let state = StateDigest(
          blocks: stride(from: 0, to: digest.count, by: Digest128.byteCount).map {
            Digest128(prefixOf: digest[$0..<$0 + Digest128.byteCount])
          })
        try appendAndTell(.digest(DigestCheckpoint(round: UInt64(round), state: state)))
        finalDigest = state
      }
      let isComplete = round == blueprint.configuration.rounds
      try appendAndTell(
        .end(
          EndMarker(
            round: UInt64(round), reason: isComplete ? "all rounds committed" : reason)))
      audit?.note(
        entry(
          .runEnded, round: round, digest: finalDigest.map { "\($0.state)" },
          ["complete": .bool(isComplete), "chain": .string("\(journal.chain)")]))
      return .ended
    } catch {
      recoverLater(from: error)
      return .unable(reason: "\(error)")
    }
  }

  /// Writes the result of a run that ended just before a crash.
  func completeResult() {
    guard journal.hasEnded, !FileManager.default.fileExists(atPath: folder.result) else { return }
    do {
      try resultWriter.finish(result)
    } catch {
      warn("\(error)")
    }
  }

  func finish() {
    meter.end(siteTraffic)
    do {
      try resultWriter.finish(result)
    } catch {
      warn("\(error)")
    }
    for client in Array(sessions.keys) { sayFarewell(to: client) }
    saveSites()
    for key in Array(timers.keys) { stopTimer(key) }
  }

  /// Tells a site that has everything that the run is over.
  func sayFarewell(to client: Int) {
    let isComplete = journal.lastRound == UInt64(blueprint.configuration.rounds)
    sessions[client]?.sayGoodbye(
      isComplete ? .finished : .stopped,
      isComplete ? "all rounds are committed" : "an operator ended the run")
    toldEnd.insert(client)
  }
}
