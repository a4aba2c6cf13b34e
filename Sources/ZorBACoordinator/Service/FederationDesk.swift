import Logging
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAJSON
import ZorBAOptimization
package import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What sites ask of the coordinator: every call of the wire's Federation service.
package struct FederationDesk: FederationHandler {
  private let coordinator: Coordinator
  private let renewal: CertificateRenewal?

  /// Bytes of a piece of a file.
  private static let pieceBytes = 1 << 18

  /// - Parameter renewal: What signs fresh certificates; nil where the authority's key is elsewhere.
  package init(_ coordinator: Coordinator, renewal: CertificateRenewal?) {
    self.coordinator = coordinator
    self.renewal = renewal
  }

  package func participate(
    _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_SiteMessage>,
    outbound: WireWriter<Zorba_V1_CoordinatorMessage>
  ) async throws {
    let session = SiteSession(
      id: await coordinator.newSession(), site: peer.identity.name,
      certificateExpires: peer.identity.notAfter
    ) {
      let traffic = peer.traffic
      return (traffic.received, traffic.sent)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for await message in session.outbox { try await outbound.send(message) }
      }
      group.addTask { try await read(inbound, session: session) }
      // Whichever ends first ends the call: a farewell that was sent, or a site that went.
      try await group.next()
      session.close()
      group.cancelAll()
    }
  }

  /// Reads a site's messages until it goes.
  private func read(
    _ inbound: ValidatedMessages<Zorba_V1_SiteMessage>, session: SiteSession
  ) async throws {
    var messages = inbound.makeAsyncIterator()
    guard case .hello(let hello)? = try await messages.next()?.kind else {
      throw ZorBAError(
        .invalidData, "the first message of a stream must be Hello", at: .init(field: "kind"))
    }
    let version = try ProtocolVersions.negotiate(
      ours: .current,
      theirs: .init(minimum: hello.protocolMinimum, maximum: hello.protocolMaximum),
      as: .coordinator)
    let host = try await admit(hello, as: session)
    try await host.welcome(hello, protocol: version, to: session)
    do {
      while let message = try await messages.next() {
        await host.receive(message, from: session)
      }
    } catch {
      await host.closed(session)
      throw error
    }
    await host.closed(session)
  }

  /// The run of a site that comes, recorded either way.
  private func admit(_ hello: Zorba_V1_Hello, as session: SiteSession) async throws -> RunHost {
    let actor = "zorba://\(coordinator.federation)/site/\(session.site)"
    do {
      let host = try await coordinator.run(named: hello.run, for: session.site)
      coordinator.audit?.note(
        AuditEntry(
          .identityConnected, by: actor, run: host.name,
          detail: ["software": .string(hello.software)]))
      return host
    } catch {
      coordinator.audit?.noteStranger(
        AuditEntry(
          .identityRefused, by: actor,
          detail: ["reason": .string((error as? ZorBAError)?.message ?? "")]))
      throw error
    }
  }

  package func fetchJournal(
    _ peer: WirePeer, _ request: Zorba_V1_FetchJournalRequest,
    outbound: WireWriter<Zorba_V1_FetchJournalResponse>
  ) async throws {
    let host = try await coordinator.run(named: request.run, for: peer.identity.name)
    let file = try FileReader(path: host.folder.journal)
    let whole = await host.journalBytes
    let end = request.end == 0 ? whole : min(whole, request.end)
    var offset = request.offset
    guard offset <= whole else {
      throw ZorBAError(
        .invalidData, "the journal ends at byte \(whole), before \(offset)",
        at: .init(field: "offset"))
    }
    while offset < end {
      let piece = try file.read(
        at: offset, count: Int(min(UInt64(Self.pieceBytes), end - offset)))
      if piece.isEmpty { break }
      try await outbound.send(.with { $0.data = Data(piece) })
      offset += UInt64(piece.count)
    }
  }

  package func describeModel(
    _ peer: WirePeer, _ request: Zorba_V1_DescribeModelRequest
  ) async throws -> Zorba_V1_DescribeModelResponse {
    let host = try await coordinator.run(named: request.run, for: peer.identity.name)
    let snapshot =
      request.round > 0
      ? host.snapshots?.newest(atOrBefore: Int(clamping: request.round)) : nil
    let library = try await coordinator.library(of: host, snapshot: snapshot)
    return .with {
      if let claim = snapshot?.claim {
        $0.round = UInt64(claim.round)
        $0.journalChain = Data(claim.chain.bytes)
        $0.blockDigests = claim.state.blocks.map { Data($0.bytes) }
      }
      $0.files = library.files.map { file in
        .with {
          $0.name = file.name
          $0.bytes = file.bytes
          $0.digest = Data(file.digest)
        }
      }
    }
  }

  package func fetchModel(
    _ peer: WirePeer, _ request: Zorba_V1_FetchModelRequest,
    outbound: WireWriter<Zorba_V1_FetchModelResponse>
  ) async throws {
    let host = try await coordinator.run(named: request.run, for: peer.identity.name)
    let snapshot = try Self.snapshot(of: host, round: request.round)
    let library = try await coordinator.library(of: host, snapshot: snapshot)
    let entry = try library.file(named: request.name)
    let file = try FileReader(path: "\(library.folder)/\(entry.name)")
    var offset = request.offset
    if offset == 0 {
      try coordinator.audit?.record(
        AuditEntry(
          .modelExported, by: peer.identity.uri(in: coordinator.federation), run: host.name,
          round: Int(clamping: request.round), digest: Hexadecimal.text(entry.digest),
          detail: ["file": .string(entry.name), "bytes": .integer(Int(clamping: entry.bytes))]))
    }
    while offset < entry.bytes {
      let piece = try file.read(
        at: offset, count: Int(min(UInt64(Self.pieceBytes), entry.bytes - offset)))
      if piece.isEmpty { break }
      try await coordinator.throttle.admit(piece.count)
      try await outbound.send(.with { $0.data = Data(piece) })
      offset += UInt64(piece.count)
    }
  }

  /// The snapshot of a round that was described; nil for round 0, the base model.
  private static func snapshot(of host: RunHost, round: UInt64) throws -> RunSnapshot? {
    guard round > 0 else { return nil }
    guard let snapshot = host.snapshots?.snapshot(of: Int(clamping: round)) else {
      // Another one would be other bytes than those announced.
      throw ZorBAError(
        .invalidData, "there is no snapshot of round \(round) any more", at: .init(field: "round"),
        advice: "Ask again with DescribeModel which ones there are.")
    }
    return snapshot
  }

  package func uploadUpdate(
    _ peer: WirePeer, inbound: ValidatedMessages<Zorba_V1_UploadUpdateRequest>
  ) async throws -> Zorba_V1_UploadUpdateResponse {
    var messages = inbound.makeAsyncIterator()
    guard case .declaration(let declaration)? = try await messages.next()?.kind else {
      throw ZorBAError(
        .invalidData, "the first message of an upload must declare it", at: .init(field: "kind"))
    }
    let host = try await coordinator.run(named: declaration.run, for: peer.identity.name)
    let receiver = try await host.admit(declaration, of: peer.identity.name)
    while let message = try await messages.next() {
      guard case .piece(let piece)? = message.kind else {
        throw ZorBAError(
          .invalidData, "an upload is declared once", at: .init(field: "kind"))
      }
      try receiver.append(piece)
    }
    let held = try receiver.finish()
    return .with { $0.held = UInt64(held) }
  }

  package func renewCertificate(
    _ peer: WirePeer, _ request: Zorba_V1_RenewCertificateRequest
  ) async throws -> Zorba_V1_RenewCertificateResponse {
    guard let renewal else {
      throw ZorBAError(
        .refused, "this coordinator does not hold the authority's key",
        advice: "Ask the operator to renew the certificate with 'zorba pki renew'.")
    }
    let chain = try renewal.sign(Array(request.signingRequest), for: peer)
    // A certificate that cannot be recorded is not handed out.
    try coordinator.audit?.record(
      AuditEntry(
        .identityRenewed, by: peer.identity.uri(in: coordinator.federation),
        digest: chain.first.map { Hexadecimal.digest(of: $0) },
        detail: ["old_serial": .string(peer.identity.serial)]))
    return .with { $0.certificates = chain.map { Data($0) } }
  }
}
