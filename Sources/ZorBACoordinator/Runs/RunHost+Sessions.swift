import Logging
import SwiftProtobuf
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
package import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Streams of sites: from the first message to the last.
extension RunHost {
  /// Answers the first message of a stream.
  ///
  /// - Throws: `ZorBAError` with code `refused` when the site may not take part.
  package func welcome(_ hello: Zorba_V1_Hello, protocol version: UInt32, to session: SiteSession)
    throws
  {
    guard !isRetired else {
      return session.sayGoodbye(.again, "the run begins anew")
    }
    guard let client = blueprint.clients[session.site] else {
      throw ZorBAError(
        .refused, "run '\(name)' does not list the site '\(session.site)'",
        advice: "Ask the operator to list it under federation.sites.")
    }
    if blueprint.isFirstOrder, version < ProtocolVersions.denseUpdates {
      throw ZorBAError(
        .refused,
        "run '\(name)' is of the method \(blueprint.configuration.method.name.rawValue), which the "
          + "site's software does not know: upgrade the software of the site")
    }
    if isSecure, version < ProtocolVersions.secureAggregation {
      throw ZorBAError(
        .refused,
        "run '\(name)' adds answers up under masks, which the site's software does not know: upgrade "
          + "the software of the site",
        at: .init(field: "secure_aggregation"))
    }
    if sites[client].isQuarantined {
      // It makes its weights anew from the base model and the journal, whose copy is checked below;
      // once by itself.
      guard sites[client].divergences < 2 else {
        throw ZorBAError(
          .refused, "\(session.site) is quarantined: \(sites[client].reason)",
          advice: "Check its machine, then ask the operator for 'zorba admin readmit'.")
      }
    }
    let copy = Int(clamping: hello.journalBytes)
    let continues =
      try copy == 0
      || hello.journalChain.count == Digest128.byteCount
        && journal.begins(with: copy, endingIn: Digest128(prefixOf: hello.journalChain))
    arriving[client]?.sayGoodbye(.superseded, "another stream of this site was opened")
    arriving[client] = session
    session.send(
      .with {
        $0.welcome = .with {
          $0.run = name
          $0.protocol = version
          $0.software = Software.description
          $0.journalHeader = Data(journal.header.encoded)
          $0.siteNumber = UInt32(client + 1)
          $0.journalRestarts = !continues
          $0.lastRound = journal.lastRound
          $0.heartbeatSeconds = options.heartbeatSeconds
          $0.secureEpoch = secureEpoch
        }
      })
    note("arrived", site: session.site, [:])
  }

  /// Takes a message of a stream; those of streams that were replaced change nothing.
  package func receive(_ message: Zorba_V1_SiteMessage, from session: SiteSession) {
    guard !isRetired, let client = blueprint.clients[session.site] else { return }
    switch message.kind {
    case .ready(let ready): take(ready, of: client, session)
    case .result(let result): take(result, of: client, session)
    case .declined(let declined): take(declined, of: client, session)
    case .evaluation(let evaluation):
      // What nobody asked for would be counted otherwise.
      guard sessions[client]?.id == session.id, machine.awaited.contains(client),
        evaluation.round == UInt64(machine.lastCommitted)
      else { return }
      evaluations[client] = kept(evaluation)
      handle(
        .evaluation(
          client: client, session: session.id, round: Int(clamping: evaluation.round)))
    case .stateDigest(let digest):
      handle(
        .stateDigest(
          client: client, session: session.id, round: Int(clamping: digest.round),
          digest: Array(digest.digests)))
    case .leaving(let leaving):
      sites[client].reason = leaving.reason
      note("left", site: session.site, ["reason": "\(leaving.reason)"])
      handle(.left(client: client, session: session.id))
      session.sayGoodbye(.stopped, "as the site wished")
    case .secureAggregation(let message): take(message, of: client, session)
    case .hello, .heartbeat, nil: break
    }
  }

  /// A stream has ended.
  package func closed(_ session: SiteSession) {
    guard !isRetired, let client = blueprint.clients[session.site] else { return }
    if arriving[client]?.id == session.id { arriving[client] = nil }
    guard sessions[client]?.id == session.id else { return }
    sessions[client] = nil
    let traffic = session.traffic()
    sites[client].bytesReceived += traffic.received
    sites[client].bytesSent += traffic.sent
    note("gone", site: session.site, [:])
    startTimer(.absence(client), seconds: blueprint.configuration.federation.absenceSeconds) {
      .left(client: client)
    }
    handle(.gone(client: client, session: session.id))
    leaveOutSecure(client)
  }

  /// A site's weights stand at the end of its copy of the journal.
  private func take(_ ready: Zorba_V1_Ready, of client: Int, _ session: SiteSession) {
    guard arriving[client]?.id == session.id else { return }
    guard let missing = tail.messages(after: Array(ready.journalChain), end: journal.chain) else {
      // The run went on while the site fetched. It fetches the rest.
      session.sayGoodbye(.again, "the run went on meanwhile; fetch the rest of the journal")
      return
    }
    if ready.examples > 0 || isSecure && ready.hasCosts { learn(ready, of: client) }
    guard sites[client].examples != nil || isSecure else {
      session.sayGoodbye(.refused, "the site did not say how many training rows it has")
      return
    }
    arriving[client] = nil
    if let earlier = sessions[client] {
      let traffic = earlier.traffic()
      sites[client].bytesReceived += traffic.received
      sites[client].bytesSent += traffic.sent
      earlier.sayGoodbye(.superseded, "another stream of this site was opened")
    }
    sessions[client] = session
    stopTimer(.absence(client))
    for message in missing { session.send(message) }
    sites[client].lastRound = machine.lastCommitted
    sites[client].reason = ""
    saveSite(client)
    note(
      "ready", site: session.site,
      ["round": "\(ready.lastRound)", "examples": "\(sites[client].examples ?? 0)"])
    if sites[client].isQuarantined { readmit(client) }
    if machine.isGathering, timers[.gathering] == nil {
      startTimer(.gathering, seconds: options.gatherSeconds) { .gathered }
    }
    handle(
      .ready(client: client, session: session.id, lastRound: Int(clamping: ready.lastRound)))
  }

  private func learn(_ ready: Zorba_V1_Ready, of client: Int) {
    let isNew = !isSecure && sites[client].examples != Int(ready.examples)
    if !isSecure { sites[client].examples = Int(ready.examples) }
    sites[client].budgetBytes = Int(clamping: ready.costs.budgetBytes)
    if !ready.costs.costs.isEmpty {
      do {
        let text = String(decoding: ready.costs.costs, as: UTF8.self)
        sites[client].costs = try SiteCosts(
          parsing: ready.costs.costs, blocks: blueprint.card.layerCount)
        sites[client].costsText = text
      } catch {
        warn("the costs of \(sites[client].name) cannot be used: \(error)")
      }
    }
    // Its weight in the aggregation follows its rows, so the engine must know before it counts.
    if isNew { weigh(client) }
  }

  private func take(_ result: Zorba_V1_Result, of client: Int, _ session: SiteSession) {
    guard sessions[client]?.id == session.id, machine.awaited.contains(client) else { return }
    guard result.masked == isSecure, let scalars = scalars(in: result),
      hasUpdate(result, of: client), !isSecure || secure?.hasAnswer(of: client) == true
    else {
      warn(
        "\(session.site) answered round \(result.round) with \(result.scalars.count) bytes of "
          + "scalars" + (blueprint.isFirstOrder ? " and no update that came in whole" : "")
          + (isSecure ? " and no masked answer" : ""))
      handle(.declined(client: client, session: session.id, ticket(of: result)))
      return
    }
    let ticket = ticket(of: result)
    let report = RoundCoordinator.Report(
      client: client, scalars: scalars, examples: Int(result.examples), loss: Double(result.loss))
    if !isSecure, let engine, let timeline, ticket.round == machine.lastCommitted + 1,
      let fault = engine.fault(
        of: report, round: ticket.round, plan: timeline.plan(round: ticket.round))
    {
      warn("\(session.site)'s answer to round \(ticket.round) cannot be used: \(fault)")
      handle(.declined(client: client, session: session.id, ticket))
      return
    }
    // What comes with an answer counts once, as the answer does.
    if ticket == machine.ticket, sessions[client]?.id == session.id,
      machine.awaited.contains(client)
    {
      answers[client] = Answer(
        seconds: Double(result.seconds),
        elapsed: (ContinuousClock.now - roundStart) / .seconds(1),
        peakMemoryMiB: Int(clamping: result.peakMemoryMib), halves: halves(in: result))
    }
    handle(
      .result(
        client: client, session: session.id, ticket, report,
        digest: result.blockDigest.isEmpty ? nil : Array(result.blockDigest)))
  }

  private func take(_ declined: Zorba_V1_Declined, of client: Int, _ session: SiteSession) {
    // A site may say no as often as it likes; only an answer that is awaited is worth a line.
    guard machine.awaited.contains(client) else { return }
    let cause = DeclineCause(rawValue: declined.cause.rawValue) ?? .unspecified
    sites[client].reason = cause.sentence
    note(
      declined.refused ? "refused" : "failed", site: session.site,
      ["round": "\(declined.round)", "reason": "\(cause.sentence)"])
    handle(
      .declined(
        client: client, session: session.id,
        .init(
          round: Int(clamping: declined.round), attempt: max(1, Int(declined.attempt)))))
    leaveOutSecure(client)
  }

  /// [steps][directions]; nil when there are more or fewer.
  private func scalars(in result: Zorba_V1_Result) -> [[Float]]? {
    if blueprint.isFirstOrder || isSecure { return result.scalars.isEmpty ? [] : nil }
    let method = blueprint.configuration.method
    guard let values = PackedFloats.unpack(result.scalars),
      values.count == method.localSteps * method.directions
    else { return nil }
    return stride(from: 0, to: values.count, by: method.directions).map {
      Array(values[$0..<$0 + method.directions])
    }
  }

  private func halves(in result: Zorba_V1_Result) -> [RoundMetrics.HalfScalars]? {
    guard !result.halfScalars.isEmpty, let values = PackedFloats.unpack(result.halfScalars),
      values.count.isMultiple(of: 2)
    else { return nil }
    return stride(from: 0, to: values.count, by: 2).map {
      RoundMetrics.HalfScalars(first: values[$0], second: values[$0 + 1])
    }
  }

  private func ticket(of result: Zorba_V1_Result) -> RoundCoordinator.Ticket {
    .init(round: Int(clamping: result.round), attempt: max(1, Int(result.attempt)))
  }
}
