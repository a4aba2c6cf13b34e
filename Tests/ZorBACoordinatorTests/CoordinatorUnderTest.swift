import Logging
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAIdentity
import ZorBAStore
import ZorBAWire

@testable import ZorBACoordinator

/// A coordinator with its store and server, as `zorba server` makes them.
final class CoordinatorUnderTest: Sendable {
  let coordinator: Coordinator
  let server: WireServer
  let revocations: Revocations
  let store: CoordinatorStore
  let notices = NoticeLog<RunNotice>()
  let events = NoticeLog<WireEvent>()
  let port: Int
  private let serving: Task<Void, any Error>

  /// - Parameters:
  ///   - port: 0 leaves the choice to the system.
  ///   - runs: Runs to take up before anybody is let in.
  init(
    _ federation: LoopbackFederation, port: Int, runs: [(String, RunConfiguration)],
    change: (inout Coordinator.Options) -> Void
  ) async throws {
    let credentials = try IdentityFolder(federation.folder.path("identity")).load()
    revocations = try Revocations(path: federation.authority.folder)
    store = try CoordinatorStore.open(
      path: federation.folder.path("state/store.sqlite"), software: "test", time: 1)
    var options = Coordinator.Options()
    options.runs.retrySeconds = 0.05
    options.runs.trust = FederationTrust(anchor: credentials.anchor, revocations: revocations)
    let notices = notices
    options.observer = { notices.append($0) }
    change(&options)
    coordinator = Coordinator(
      federation: LoopbackFederation.name, store: store,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, options: options)
    for (name, run) in runs {
      // The coordinator before lets go of the journal when the last of it is gone.
      try await until { [coordinator] in
        do {
          try await coordinator.open(run, named: name)
          return true
        } catch let error as ZorBAError where error.message.contains("another process is writing") {
          return false
        }
      }
    }
    let events = events
    let server = try WireServer(
      host: "127.0.0.1", port: port,
      security: ConnectionSecurity(
        of: credentials, admits: [.site, .operator], revocations: revocations),
      federation: FederationDesk(
        coordinator, renewal: CertificateRenewal(authority: federation.authority.folder)),
      administration: AdministrationDesk(coordinator)
    ) { events.append($0) }
    self.server = server
    serving = Task { try await server.run() }
    self.port = try await server.listeningPort
  }

  /// Ends as at Ctrl-C, or with cut connections.
  func end(cut: Bool = false) async throws {
    if !cut { await coordinator.shutDown() }
    await server.shutDown(grace: cut ? .zero : .seconds(3))
    try await serving.value
    try store.close()
  }

  /// Waits until a run is in a state.
  @discardableResult
  func state(
    _ kind: RunState.Kind, of run: String = "trial", after start: Int = 0
  ) async throws -> RunState {
    try await notices.first(after: start) { notice in
      guard case .state(run, let state) = notice, state.kind == kind else { return nil }
      return state
    }
  }

  /// Waits until a round of a run is committed.
  func committed(_ round: Int, of run: String = "trial", after start: Int = 0) async throws {
    try await notices.first(after: start) { notice in
      if case .committed(run, let metrics, _) = notice, metrics.round >= round { true } else { nil }
    }
  }

  /// What the run warned of.
  func warnings(of run: String = "trial") -> [String] {
    notices.all.compactMap { if case .warning(run, let text) = $0 { text } else { nil } }
  }
}

extension RunHost {
  /// Ends the wait for answers when all that are missing are lost for good.
  func endWait(forLost isLost: (_ round: Int, _ attempt: Int, _ client: Int) -> Bool) {
    let (ticket, awaited) = (machine.ticket, machine.awaited)
    guard machine.phase == .collecting, !awaited.isEmpty,
      awaited.allSatisfy({ isLost(ticket.round, ticket.attempt, $0) })
    else { return }
    handle(.deadline(ticket))
  }

  /// Whether the run is settled on who is there.
  var present: Set<Int> { Set(machine.current) }
}

/// Waits until something is the case; the test's time limit ends a wait that is in vain.
func until(_ condition: () async throws -> Bool) async throws {
  while try await !condition() {
    try await Task.sleep(for: .milliseconds(2))
  }
}
