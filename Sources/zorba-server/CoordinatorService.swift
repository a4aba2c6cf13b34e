import Logging
import ZorBA
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBAConsole
import ZorBACoordinator
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBALogging
import ZorBAPresentation
import ZorBAReport
import ZorBAStore
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A coordinator process: store, log, wire and runs, from start to end.
struct CoordinatorService {
  private let command: ServerCommand
  private let credentials: Credentials
  private let revocations: Revocations
  private let coordinator: Coordinator
  private let server: WireServer
  private let watcher: CoordinatorWatcher
  private let log: Logger
  private let audit: AuditTrail

  init(_ command: ServerCommand) throws {
    self.command = command
    credentials = try IdentityFolder(command.identity).load()
    guard credentials.principal.role == .coordinator else {
      throw ZorBAError(
        .invalidConfiguration, "the identity is that of \(credentials.principal.uri)",
        at: .init(file: command.identity), advice: "Use the folder that 'zorba pki init' made.")
    }
    let revocations = try ZorBAError.whenMissing(.invalidConfiguration) {
      try Revocations(path: command.revoked ?? command.authority ?? "")
    }
    self.revocations = revocations
    let path = "\(command.state)/store.sqlite"
    if command.rebuild { try Self.putAside(path) }
    let store = try CoordinatorStore.open(
      path: path, software: Software.description,
      time: Date().timeIntervalSince1970)
    let level = Logger.Level(rawValue: command.logLevel) ?? .info
    let sink = try LineSink(path: "\(command.state)/log.jsonl")
    let log = Logger(label: "zorba.server") { _ in LineLogHandler(file: sink, level: level) }
    self.log = log
    let watcher = CoordinatorWatcher(isQuiet: command.common.quiet)
    self.watcher = watcher
    let audit = try AuditTrail(
      path: "\(command.state)/audit.jsonl", keeper: IdentityKeeper(credentials))
    self.audit = audit
    let access = AccessFile(path: command.access)
    try Self.recordStart(audit, access: access)
    var options = Coordinator.Options()
    options.access = access
    options.runs.audit = audit
    options.servesModels = command.serveModels
    options.downloadBytesPerSecond = command.downloadMib * 0x1p20
    if command.replica {
      options.runs.replica = ReplicaOptions(snapshotEvery: command.snapshotEvery)
    }
    options.runs.trust = FederationTrust(anchor: credentials.anchor, revocations: revocations)
    options.observer = { watcher.observe($0) }
    coordinator = Coordinator(
      federation: credentials.principal.federation, store: store, log: log, options: options)
    let renewal = try command.authority.flatMap { try CertificateRenewal(authority: $0) }
    let address = ListenAddress(command.listen)
    server = try WireServer(
      host: address?.host ?? "", port: address?.port ?? 0,
      security: ConnectionSecurity(
        of: credentials, admits: [.site, .operator], revocations: revocations),
      federation: FederationDesk(coordinator, renewal: renewal),
      administration: AdministrationDesk(coordinator)
    ) { [coordinator] event in
      audit.note(event, federation: coordinator.federation)
      switch event {
      case .listening(let host, let port):
        log.notice("listening", metadata: ["host": "\(host)", "port": "\(port)"])
        watcher.say("Listening on \(host):\(port).")
      case .refused, .handshakeFailed, .turnedAway:
        log.warning("\(event)")
        watcher.say("\(event)")
      case .failed: log.warning("\(event)")
      case .disconnected: log.info("\(event)")
      }
    }
  }

  /// Records with which rules the coordinator begins; rules that cannot be read are an error now
  /// rather than at the first question.
  private static func recordStart(_ audit: AuditTrail, access: AccessFile) throws {
    let rules = try access.rules()
    let text = access.path.flatMap { FileManager.default.contents(atPath: $0) }
    try audit.record(
      AuditEntry(
        .serviceStarted, by: audit.keeper, digest: text.map { Hexadecimal.digest(of: Array($0)) },
        detail: [
          "software": .string(Software.description),
          "approvals_minimum": .integer(rules.leastApprovals),
        ]))
  }

  /// Renames a store and what SQLite keeps beside it.
  private static func putAside(_ path: String) throws {
    let files = FileManager.default
    var number = 1
    while files.fileExists(atPath: "\(path).damaged-\(number)") { number += 1 }
    for suffix in ["", "-wal", "-shm"] where files.fileExists(atPath: path + suffix) {
      do {
        try files.moveItem(
          atPath: path + suffix, toPath: "\(path).damaged-\(number)\(suffix)")
      } catch {
        throw ZorBAError(
          .inputOutput, "cannot be put aside", at: .init(file: path + suffix),
          advice: "Check the permissions of the folder.", cause: error)
      }
    }
  }

  /// Serves until all runs have ended, or until it is told to end.
  func run(_ runs: [(name: String, run: RunConfiguration)]) async throws {
    let sites = Set(runs.flatMap(\.run.federation.sites)).count
    // A site that comes again may hold its old connection for a while.
    if let shortage = OpenFiles.shortage(of: sites, limit: OpenFiles.raiseLimit()) {
      log.warning("\(shortage)")
      watcher.say("Warning: \(shortage).")
    }
    for (name, run) in runs {
      watcher.say("Run '\(name)': preparing its model's digest.")
      if case .waiting(let digest, let required) = try await coordinator.admit(run, named: name) {
        watcher.say(
          "Run '\(name)' needs \(required) approvals of its digest \(digest): zorba admin approve.")
      }
    }
    for fault in try await coordinator.restoreRequests() {
      log.error("run not taken up", metadata: ["run": "\(fault.run)", "error": "\(fault.error)"])
      watcher.say("\(fault.run): not taken up: \(fault.error)")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      group.addTask { await watchRevocations() }
      group.addTask { await waitForEnd() }
      // The first to end is the wait, or a server that cannot listen.
      try await group.next()
      await coordinator.shutDown()
      await server.shutDown(grace: .seconds(3))
      group.cancelAll()
    }
    watcher.finish()
    audit.note(AuditEntry(.serviceStopped, by: audit.keeper))
    try await conclude()
  }

  /// Ends streams of identities that are revoked while they stand.
  private func watchRevocations() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(1))
      let wasRead: Bool
      do {
        wasRead = try revocations.refresh()
      } catch {
        log.error("the register cannot be read", metadata: ["error": "\(error)"])
        continue
      }
      guard wasRead else { continue }
      let ended = server.disconnect { peer in
        (try? revocations.entry(revoking: peer.serial)) != nil
      }
      audit.note(
        AuditEntry(.identityRevoked, by: audit.keeper, detail: ["connections": .integer(ended)]))
      if ended > 0 { watcher.say("Ended \(ended) connections of revoked certificates.") }
    }
  }

  /// Returns when every run has ended, or at Ctrl-C.
  private func waitForEnd() async {
    var finishedSince: ContinuousClock.Instant?
    var quietSince: ContinuousClock.Instant?
    while !Task.isCancelled, !Interruption.isRequested {
      try? await Task.sleep(for: .milliseconds(100))
      guard !command.stay, await allHaveEnded() else { continue }
      // Sites that were away at the end still want to hear of it.
      let since = finishedSince ?? .now
      finishedSince = since
      if ContinuousClock.now - since > .seconds(20) { return }
      // A farewell can be lost with its connection: its site comes again at once.
      guard await nobodyIsMissing() else {
        quietSince = nil
        continue
      }
      let quiet = quietSince ?? .now
      quietSince = quiet
      if ContinuousClock.now - quiet > .seconds(1) { return }
    }
  }

  private func allHaveEnded() async -> Bool {
    for host in await coordinator.runs where await !host.isSettled { return false }
    return await !coordinator.isAwaitingApproval
  }

  private func nobodyIsMissing() async -> Bool {
    for host in await coordinator.runs where await !host.everybodyHeardTheEnd { return false }
    return true
  }

  /// Results for people or scripts; an error with code `interrupted` when a run has not ended.
  private func conclude() async throws {
    var objects: [JSONValue] = []
    var open: [String] = []
    for host in await coordinator.runs {
      let result = await host.result
      let state = await host.state
      if !state.isFinal { open.append(host.name) }
      let report = RunReport(result, configuration: host.blueprint.configuration, title: host.name)
      do {
        try RunFolder.write(report.html(), to: host.folder.report)
      } catch {
        watcher.say("\(host.name): warning: \(error)")
      }
      objects.append(result.json)
      if !command.common.json {
        Console.output("\(host.name): \(state.kind.rawValue)\n" + result.text)
      }
    }
    if command.common.json {
      Console.output((["runs": .array(objects)] as JSONValue).serialized + "\n")
    }
    if !open.isEmpty {
      throw ZorBAError(
        .interrupted, "stopped before the end of \(open.joined(separator: ", "))",
        advice: "Start the same command again; sites come back by themselves.")
    }
  }
}
