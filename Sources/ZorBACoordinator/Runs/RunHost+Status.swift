import Logging
import SwiftProtobuf
package import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBAStore
package import ZorBAWire

/// What the run shows of itself.
extension RunHost {
  /// Where the run stands.
  package var state: RunState {
    let reason = machine.reason ?? ""
    return switch machine.phase {
    case .finished:
      journal.lastRound == UInt64(blueprint.configuration.rounds)
        ? RunState(.finished) : RunState(.stopped, "an operator ended the run")
    case .paused: RunState(.paused, reason)
    case .waiting: RunState(.waiting, reason)
    default: isOperatorPaused ? RunState(.pausing, reason) : RunState(.running)
    }
  }

  /// Bytes of the journal, all of them whole records.
  package var journalBytes: UInt64 { UInt64(journal.byteCount) }

  /// The run for `zorba admin`.
  package var status: Zorba_V1_RunStatus {
    let traffic = traffic()
    let state = state
    return .with {
      $0.name = name
      $0.state = state.kind.rawValue
      $0.reason = state.reason
      $0.lastRound = journal.lastRound
      $0.rounds = UInt64(blueprint.configuration.rounds)
      $0.sites = UInt32(sites.count)
      $0.sitesPresent = UInt32(sessions.count)
      // Sites of a private run tell 0, which is no loss.
      $0.loss = blueprint.configuration.differentialPrivacy == nil ? lastLoss : .nan
      $0.secondsPerRound = secondsPerRound
      $0.bytesReceived = traffic.received
      $0.bytesSent = traffic.sent
      $0.payloadBytesReceived = payload.received
      $0.payloadBytesSent = payload.sent
      $0.folder = folder.path
      $0.secureAggregation = secrecy
    }
  }

  /// Its sites for `zorba admin sites`.
  package var siteStatuses: [Zorba_V1_SiteStatus] {
    sites.enumerated().map { client, site in
      let session = sessions[client]
      let live = session?.traffic() ?? (received: 0, sent: 0)
      return .with {
        $0.run = name
        $0.name = site.name
        $0.number = UInt32(site.number)
        $0.state =
          site.isQuarantined
          ? "quarantined"
          : session != nil ? "ready" : arriving[client] != nil ? "catching_up" : "absent"
        $0.reason = site.reason
        $0.lastRound = UInt64(site.lastRound)
        $0.examples = UInt32(site.examples ?? 0)
        $0.secondsPerRound = site.secondsPerRound
        $0.bytesReceived = site.bytesReceived + live.received
        $0.bytesSent = site.bytesSent + live.sent
        $0.certificateExpires = session?.certificateExpires ?? 0
        $0.answers = UInt64(site.answers)
        $0.misses = UInt64(site.misses)
        $0.updateBytes = inbox?.receivedBytes(of: client) ?? 0
      }
    }
  }

  /// What crossed the wire so far, all sites, TLS records included.
  func traffic() -> (received: UInt64, sent: UInt64) {
    var total = sites.reduce(into: (received: UInt64(0), sent: UInt64(0))) {
      $0.received += $1.bytesReceived
      $0.sent += $1.bytesSent
    }
    for session in sessions.values {
      let traffic = session.traffic()
      total.received += traffic.received
      total.sent += traffic.sent
    }
    return total
  }

  /// The same by site.
  var siteTraffic: [RoundMeter.Traffic] {
    sites.enumerated().map { client, site in
      let live = sessions[client]?.traffic() ?? (received: 0, sent: 0)
      return (site.bytesReceived &+ live.received, site.bytesSent &+ live.sent)
    }
  }

  /// The outcome so far, as `result.json` gives it.
  package var result: RunResult {
    let configuration = blueprint.configuration
    var result = RunResult(model: configuration.model, rounds: Int(clamping: journal.lastRound))
    result.history = (try? store.history()) ?? []
    result.clients = blueprint.sites
    for site in sites { result.clientExamples[site.name] = site.examples ?? 0 }
    result.activeShare = timeline?.activeShare(rounds: result.rounds) ?? []
    let evaluations = evaluationsByRound
    result.before = evaluations[0]
    result.after = evaluations[configuration.rounds]
    result.evaluations = evaluations.filter { $0.key > 0 && $0.key < configuration.rounds }
      .sorted { $0.key < $1.key }.map { (round: $0.key, evaluation: $0.value) }
    if let totals = try? store.totals(), totals.rounds > 0 {
      result.wire = WireTraffic(
        received: totals.wireReceived, sent: totals.wireSent,
        siteRounds: result.history.reduce(0) { $0 + $1.clients.count },
        payload: totals.bytesUp + totals.bytesDown)
      let sites = zip(self.sites, meter.totals).map { site, traffic in
        WireTraffic.Site(
          name: site.name, received: Int(clamping: traffic.received),
          sent: Int(clamping: traffic.sent), rounds: meter.rounds)
      }
      result.wire?.sites = sites
      if blueprint.isFirstOrder, meter.rounds == result.rounds {
        // Rounds are stored before their commits are fetched, so the last commit is in none of them.
        result.wire?.received = sites.reduce(0) { $0 + $1.received }
        result.wire?.sent = sites.reduce(0) { $0 + $1.sent }
      }
    }
    result.weightsBytes = blueprint.weightsByteCount
    result.peakBytes = (sites.map(\.peakMemoryMiB).max() ?? 0) << 20
    result.stateDigest = finalDigest.map { "\($0.state)" } ?? ""
    result.journalPath = folder.journal
    result.journalBytes = journal.byteCount
    result.isIncomplete = result.rounds < configuration.rounds
    result.time.total = result.history.reduce(0) { $0 + $1.seconds }
    result.driftAlarms = driftAlarms(evaluations)
    if let fairness = configuration.fairness { result.minimumCount = fairness.minimumCount }
    let monitor = contributions ?? recalledContributions()
    result.contributions = monitor?.contributions ?? []
    result.contributionAlarms = monitor?.alarms ?? []
    result.privacy = configuration.differentialPrivacy.map(PrivacyReport.init(promised:))
    result.warnings = warnings
    var protection = RunProtection(configuration, history: result.history)
    protection.approvals = options.approvals
    protection.clearBecause = blueprint.clearBecause
    result.protection = protection
    return result
  }

  func reportState() {
    let state = state
    guard state != lastState, !isRetired else { return }
    // A thousand sites that come at once are a thousand reasons: the newest is told soon.
    guard state.kind != lastState?.kind else { return startTelling() }
    tell(state)
  }

  private func startTelling() {
    guard timers[.telling] == nil else { return }
    timers[.telling] = Task { [weak self] in
      try? await Task.sleep(for: .seconds(1))
      await self?.tellNewest()
    }
  }

  private func tellNewest() {
    timers[.telling] = nil
    if state != lastState { tell(state) }
  }

  private func tell(_ state: RunState) {
    lastState = state
    note("state", site: nil, ["state": "\(state.kind.rawValue)", "reason": "\(state.reason)"])
    do {
      try store.setState(state)
    } catch {
      log.error("the state is not stored", metadata: ["error": "\(error)"])
    }
    observer(.state(run: name, state))
  }

  /// Tells and records something the operator should know.
  func warn(_ text: String) {
    warnings.append(text)
    if warnings.count > 1000 { warnings.removeFirst(500) }
    note("warning", site: nil, ["text": "\(text)"])
    observer(.warning(run: name, text))
  }

  /// Logs, and keeps for `zorba admin events`.
  func note(_ kind: String, site: String?, _ detail: Logger.Metadata) {
    var metadata = detail
    if let site { metadata["site"] = "\(site)" }
    log.log(level: kind == "warning" ? .warning : .info, "\(kind)", metadata: metadata)
    audit(note: kind, site: site, detail)
    // Comings and goings are in the log; each event here costs the disk a confirmation.
    guard !["arrived", "ready", "gone", "planning"].contains(kind) else { return }
    try? store.appendEvent(
      kind, site: site, round: Int(clamping: journal.lastRound),
      detail.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " "))
  }

  /// Has the store learn of a site soon: a thousand that come at once are one transaction.
  func saveSite(_ client: Int) {
    unsavedSites.insert(client)
    guard timers[.saving] == nil else { return }
    timers[.saving] = Task { [weak self] in
      try? await Task.sleep(for: .seconds(1))
      await self?.saveSites()
    }
  }

  func saveSites() {
    timers[.saving] = nil
    do {
      try store.save(unsavedSites.sorted().map { sites[$0] })
      unsavedSites = []
    } catch {
      log.error("sites are not stored", metadata: ["error": "\(error)"])
    }
  }

  func savePause() {
    do {
      try store.setPaused(isOperatorPaused)
    } catch {
      warn("that the run is paused is not stored: \(error)")
    }
  }
}
