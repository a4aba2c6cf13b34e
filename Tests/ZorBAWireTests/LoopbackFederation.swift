import Foundation
import SwiftProtobuf
import Synchronization
import Testing
import ZorBADiagnostics
import ZorBAWire

/// A server on the loopback interface, and clients of it.
struct LoopbackFederation: Sendable {
  let authority: TestAuthority
  let revoked: Revocations
  let server: WireServer
  let port: Int
  let events: EventLog

  func client(
    _ role: PeerIdentity.Role = .site, _ name: String = "north", limits: WireLimits = WireLimits()
  ) throws -> WireClient {
    let security = try authority.security(role, name)
    return WireClient(host: "127.0.0.1", port: port, limits: limits) { security }
  }

  /// Whether a message comes back over a new connection: the server is unharmed.
  func echoes(_ round: UInt64 = 7) async throws -> Bool {
    try await client(.site, "probe").withConnection { connection in
      try await connection.participate { inbound, outbound in
        try await outbound.send(.result(round))
        var iterator = inbound.makeAsyncIterator()
        return try await iterator.next()?.advance.commit.round == round
      }
    }
  }
}

extension LoopbackFederation {
  /// As `echoes`, where time limits are so short that a busy machine may need several attempts.
  func echoesInTheEnd() async -> Bool {
    for _ in 0..<50 where (try? await echoes()) == true { return true }
    return false
  }
}

/// Runs a server, the body, and the server's end.
func withFederation(
  limits: WireLimits = WireLimits(), serving role: PeerIdentity.Role = .coordinator,
  _ body: (LoopbackFederation) async throws -> Void
) async throws {
  let authority = try TestAuthority()
  let revoked = Revocations()
  let events = EventLog()
  let server = try WireServer(
    host: "127.0.0.1", port: 0, security: authority.security(role, revoked: revoked),
    limits: limits, federation: EchoHandler(), administration: EchoHandler(),
    log: { events.append($0) })
  try await withThrowingTaskGroup { group in
    group.addTask { try await server.run() }
    let port = try await server.listeningPort
    let outcome: Result<Void, any Error>
    do {
      try await body(
        LoopbackFederation(
          authority: authority, revoked: revoked, server: server, port: port, events: events))
      outcome = .success(())
    } catch {
      outcome = .failure(error)
    }
    await server.shutDown(grace: .seconds(5))
    try await group.waitForAll()
    try outcome.get()
  }
}

/// What the server logged.
final class EventLog: Sendable {
  private let events = Mutex<[WireEvent]>([])

  func append(_ event: WireEvent) { events.withLock { $0.append(event) } }

  var lines: [String] { events.withLock { $0.map(\.description) } }

  func contains(_ part: String) -> Bool { lines.contains { $0.contains(part) } }
}

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }
}

/// Waits until a condition holds; false when it does not within a generous time.
func eventually(_ condition: () -> Bool) async throws -> Bool {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(20)
  while clock.now < deadline {
    if condition() { return true }
    try await clock.sleep(for: .milliseconds(2))
  }
  return condition()
}

/// Answers every result with a commit of the same round; does as it is told otherwise.
struct EchoHandler: FederationHandler, AdministrationHandler {
  func participate(
    _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_SiteMessage>,
    outbound: WireWriter<Zorba_V1_CoordinatorMessage>
  ) async throws {
    for try await message in inbound {
      switch message.kind {
      case .result(let result): try await outbound.send(.advance(result.round))
      case .hello(let hello):
        try await outbound.send(
          .with { $0.pause.reason = "\(peer.identity.name) \(hello.software)" })
      case .declined: throw ZorBAError(.refused, "the run is closed", advice: "Ask the operator.")
      case .stateDigest(let digest):
        // Floods a peer that does not read.
        while true { try await outbound.send(.advance(digest.round, coefficients: 4096)) }
      case .leaving: return
      default: break
      }
    }
  }

  func fetchJournal(
    _ peer: WirePeer, _ request: Zorba_V1_FetchJournalRequest,
    outbound: WireWriter<Zorba_V1_FetchJournalResponse>
  ) async throws {
    guard request.run == "known" else {
      throw ZorBAError(.invalidConfiguration, "no run named \(request.run)")
    }
    for piece in 0..<16 {
      try await outbound.send(
        .with { $0.data = Data(repeating: UInt8(piece), count: 100_000) })
    }
  }

  func describeModel(
    _ peer: WirePeer, _ request: Zorba_V1_DescribeModelRequest
  ) async throws -> Zorba_V1_DescribeModelResponse {
    // Breaks the protocol: the name leads out of the folder.
    .with { response in
      response.files = [
        .with {
          $0.name = "../secret"
          $0.digest = Data(count: 32)
        }
      ]
    }
  }

  func fetchModel(
    _ peer: WirePeer, _ request: Zorba_V1_FetchModelRequest,
    outbound: WireWriter<Zorba_V1_FetchModelResponse>
  ) async throws {
    for _ in 0..<3 { try await outbound.send(.with { $0.data = Data(count: 1000) }) }
  }

  /// Takes updates of the run "known" that lie within 4 MiB; holds what came.
  func uploadUpdate(
    _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_UploadUpdateRequest>
  ) async throws -> Zorba_V1_UploadUpdateResponse {
    var messages = inbound.makeAsyncIterator()
    guard case .declaration(let declaration)? = try await messages.next()?.kind else {
      throw ZorBAError(.invalidData, "no declaration")
    }
    var held = declaration.offset
    while let message = try await messages.next() {
      held += UInt64(message.piece.count)
      if held > declaration.bytes { throw ZorBAError(.invalidData, "more than was declared") }
    }
    return .with { $0.held = held }
  }

  func renewCertificate(
    _ peer: WirePeer, _ request: Zorba_V1_RenewCertificateRequest
  ) async throws -> Zorba_V1_RenewCertificateResponse {
    .with { $0.certificates = [request.signingRequest] }
  }

  private var run: Zorba_V1_RunStatus { .with { $0.name = "known" } }

  func listRuns(
    _ peer: WirePeer, _ request: Zorba_V1_ListRunsRequest
  ) async throws -> Zorba_V1_ListRunsResponse {
    .with { $0.runs = [run] }
  }

  func startRun(
    _ peer: WirePeer, _ request: Zorba_V1_StartRunRequest
  ) async throws -> Zorba_V1_StartRunResponse {
    .with { $0.run = run }
  }

  func approveRun(
    _ peer: WirePeer, _ request: Zorba_V1_ApproveRunRequest
  ) async throws -> Zorba_V1_ApproveRunResponse {
    .with { $0.run = run }
  }

  func controlRun(
    _ peer: WirePeer, _ request: Zorba_V1_ControlRunRequest
  ) async throws -> Zorba_V1_ControlRunResponse {
    .with { $0.run = run }
  }

  func rollBackRun(
    _ peer: WirePeer, _ request: Zorba_V1_RollBackRunRequest
  ) async throws -> Zorba_V1_RollBackRunResponse {
    .with { $0.run = run }
  }

  func branchRun(
    _ peer: WirePeer, _ request: Zorba_V1_BranchRunRequest
  ) async throws -> Zorba_V1_BranchRunResponse {
    .with { $0.run = run }
  }

  func listSites(
    _ peer: WirePeer, _ request: Zorba_V1_ListSitesRequest
  ) async throws -> Zorba_V1_ListSitesResponse { .init() }

  func readmitSite(
    _ peer: WirePeer, _ request: Zorba_V1_ReadmitSiteRequest
  ) async throws -> Zorba_V1_ReadmitSiteResponse { .init() }
}

extension Zorba_V1_SiteMessage {
  /// A result with so many scalars.
  static func result(_ round: UInt64, scalars: Int = 1) -> Self {
    .with {
      $0.result = .with {
        $0.round = round
        $0.scalars = PackedFloats.pack((0..<scalars).map { Float($0) + 0.5 })
        $0.examples = 32
        $0.loss = 0.693
      }
    }
  }
}

extension Zorba_V1_CoordinatorMessage {
  /// A commit and the next assignment.
  static func advance(_ round: UInt64, coefficients: Int = 8) -> Self {
    .with {
      $0.advance = .with {
        $0.commit = .with {
          $0.round = round
          $0.coefficients = PackedFloats.pack((0..<coefficients).map { Float($0) - 3.25 })
          $0.chain = 0x0123_4567_89ab_cdef
        }
        $0.assignment = .init()
      }
    }
  }
}
