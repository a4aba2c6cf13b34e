import Logging
import SwiftProtobuf
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAStore
import ZorBAWire

@testable import ZorBACoordinator

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A coordinator that welcomes every site in the words of a test, true or not, over TLS and with the
/// federation's own certificate.
final class ScriptedCoordinator: Sendable {
  /// What sites said.
  let heard = NoticeLog<Zorba_V1_SiteMessage>()
  private let server: WireServer
  private let store: CoordinatorStore
  private let serving: Task<Void, any Error>

  /// - Parameter journal: The file that it hands out as the run's journal.
  init(
    _ federation: LoopbackFederation, welcome: Zorba_V1_Welcome, journal: String
  ) async throws {
    let credentials = try IdentityFolder(federation.folder.path("identity")).load()
    let store = try CoordinatorStore.open(
      path: federation.folder.path("state/scripted.sqlite"), software: "test", time: 1)
    self.store = store
    let idle = Coordinator(
      federation: LoopbackFederation.name, store: store,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, options: .init())
    let server = try WireServer(
      host: "127.0.0.1", port: 0,
      security: ConnectionSecurity(of: credentials, admits: [.site, .operator]),
      federation: Desk(welcome: welcome, journal: journal, heard: heard),
      administration: AdministrationDesk(idle)
    ) { _ in }
    self.server = server
    serving = Task { try await server.run() }
    await federation.listens(at: try await server.listeningPort)
  }

  func end() async throws {
    await server.shutDown(grace: .zero)
    try await serving.value
    try store.close()
  }

  private struct Desk: FederationHandler {
    let welcome: Zorba_V1_Welcome
    let journal: String
    let heard: NoticeLog<Zorba_V1_SiteMessage>

    func participate(
      _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_SiteMessage>,
      outbound: WireWriter<Zorba_V1_CoordinatorMessage>
    ) async throws {
      for try await message in inbound {
        heard.append(message)
        if case .hello = message.kind { try await outbound.send(.with { $0.welcome = welcome }) }
      }
    }

    func fetchJournal(
      _ peer: WirePeer, _ request: Zorba_V1_FetchJournalRequest,
      outbound: WireWriter<Zorba_V1_FetchJournalResponse>
    ) async throws {
      let rest = try contents(of: journal).dropFirst(Int(clamping: request.offset))
      guard !rest.isEmpty else { return }
      try await outbound.send(.with { $0.data = Data(rest) })
    }

    private var unscripted: ZorBAError { ZorBAError(.refused, "the test has no such thing") }

    func describeModel(
      _ peer: WirePeer, _ request: Zorba_V1_DescribeModelRequest
    ) async throws -> Zorba_V1_DescribeModelResponse { throw unscripted }

    func fetchModel(
      _ peer: WirePeer, _ request: Zorba_V1_FetchModelRequest,
      outbound: WireWriter<Zorba_V1_FetchModelResponse>
    ) async throws { throw unscripted }

    func uploadUpdate(
      _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_UploadUpdateRequest>
    ) async throws -> Zorba_V1_UploadUpdateResponse { throw unscripted }

    func renewCertificate(
      _ peer: WirePeer, _ request: Zorba_V1_RenewCertificateRequest
    ) async throws -> Zorba_V1_RenewCertificateResponse { throw unscripted }
  }
}
