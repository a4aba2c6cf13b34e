import Crypto
import SwiftProtobuf
import Synchronization
import ZorBADiagnostics
import ZorBAFederation
import ZorBAIdentity
import ZorBASitePolicy
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The site's connections to its coordinator, one at a time, and what is fetched over them.
final class SiteLink: Sendable {
  private struct State {
    /// The connection that stands, for calls beside the stream.
    var connection: WireConnection?
    var stream: Task<Void, Never>?
    var calls: [Task<Void, Never>] = []
  }

  /// The federation that the site's certificate belongs to.
  let federation: String

  private let client: WireClient
  private let identity: String
  private let observer: @Sendable (AgentNotice) -> Void
  private let post: @Sendable (SiteAgent.Input) -> Void
  private let state = Mutex(State())

  /// - Throws: `ZorBAError` when the identity cannot be used.
  init(
    _ configuration: SiteConfiguration, observer: @escaping @Sendable (AgentNotice) -> Void,
    post: @escaping @Sendable (SiteAgent.Input) -> Void
  ) throws {
    let folder = configuration.identity
    let credentials = try IdentityFolder(folder).load()
    guard credentials.principal.role == .site else {
      throw ZorBAError(
        .invalidConfiguration, "the identity is that of \(credentials.principal.uri)",
        at: .init(file: folder), advice: "Use the identity folder of a site.")
    }
    if let name = configuration.name, name != credentials.principal.name {
      throw ZorBAError(
        .invalidConfiguration,
        "the certificate is of '\(credentials.principal.name)', the file of '\(name)'",
        at: .init(field: "name"), advice: "Use the identity folder of this site.")
    }
    federation = credentials.principal.federation
    identity = folder
    client = WireClient(
      host: configuration.coordinator.host, port: configuration.coordinator.port
    ) {
      // Read anew, so that a renewed certificate is used without a restart.
      try ConnectionSecurity(of: IdentityFolder(folder).load(), admits: [.coordinator])
    }
    self.observer = observer
    self.post = post
  }

  /// Connects and reads the stream until it ends.
  func connect(number: Int) {
    let post = post
    let task = Task { [client, self] in
      do {
        try await client.withConnection { connection in
          state.withLock { $0.connection = connection }
          defer { state.withLock { $0.connection = nil } }
          let renewal = Task { await renewWhenDue(connection) }
          defer { renewal.cancel() }
          try await connection.participate { inbound, outbound in
            let outbox = Outbox()
            post(.connected(number, outbox))
            try await withThrowingTaskGroup(of: Void.self) { group in
              group.addTask {
                for await message in outbox.messages { try await outbound.send(message) }
              }
              group.addTask {
                for try await message in inbound { post(.received(number, message)) }
              }
              try await group.next()
              // The coordinator ended the stream, or the agent wants to: what is queued still goes.
              outbox.close()
              group.cancelAll()
            }
          }
        }
        post(.disconnected(number, .init(error: nil, isFinal: false)))
      } catch {
        let error = error as? ZorBAError ?? ZorBAError(.inputOutput, "\(error)")
        post(.disconnected(number, .init(error: error, isFinal: Self.isFinal(error))))
      }
    }
    state.withLock { $0.stream = task }
  }

  /// Whether coming again with the same certificate and file would be refused again.
  private static func isFinal(_ error: ZorBAError) -> Bool {
    switch error.wireFault {
    case .refusedByPeer, .peerRefused, .permissionDenied: true
    default: error.code == .refused
    }
  }

  /// Ends the present connection.
  func disconnect() { state.withLock { $0.stream }?.cancel() }

  /// Ends everything, and waits until it has ended.
  func close() async {
    let (stream, calls) = state.withLock { ($0.stream, $0.calls) }
    // A farewell that is queued leaves first.
    let limit = Task {
      try? await Task.sleep(for: .milliseconds(500))
      stream?.cancel()
    }
    for call in calls { call.cancel() }
    await stream?.value
    limit.cancel()
  }

  /// Fetches what the copy of the journal lacks.
  func fetchJournal(run: String, from offset: Int, into worker: SiteWorker) {
    call { [self] in
      guard let connection = state.withLock({ $0.connection }) else {
        return post(.event(.fetchFailed))
      }
      do {
        let place = Mutex(offset)
        try await connection.fetchJournal(
          .with {
            $0.run = run
            $0.offset = UInt64(offset)
          }
        ) { piece in
          let start = place.withLock { place in
            defer { place += piece.count }
            return place
          }
          worker.enqueue(.fetched(Array(piece), at: start))
        }
        worker.enqueue(.endFetch)
      } catch {
        observer(.warning("the journal cannot be fetched: \(error)"))
        post(.event(.fetchFailed))
      }
    }
  }

  /// Fetches the base model where it is not there already, then goes on.
  func fetchModel(run: String, to folder: String, then event: SiteMachine.Event) {
    call { [self] in
      guard let connection = state.withLock({ $0.connection }) else { return }
      do {
        try await ModelDownload(folder: folder, run: run, observer: observer)
          .complete(over: connection)
        post(.event(event))
      } catch let error as ZorBAError where error.wireFault == nil {
        post(.failure(error))
      } catch {
        // The connection broke; the next one goes on where this one ended.
        observer(.warning("the model is not here yet: \(error)"))
      }
    }
  }

  private func call(_ body: @escaping @Sendable () async -> Void) {
    let task = Task { await body() }
    state.withLock {
      $0.calls.removeAll(where: \.isCancelled)
      $0.calls.append(task)
    }
  }

  /// Asks for a fresh certificate when two thirds of the present one's life are over.
  private func renewWhenDue(_ connection: WireConnection) async {
    let folder = IdentityFolder(identity)
    while !Task.isCancelled {
      do {
        if try folder.load().needsRenewal(now: Date()) {
          let request = try folder.makeRenewalRequest()
          let response = try await connection.renewCertificate(
            .with { $0.signingRequest = Data(request.der) })
          try folder.install(response.certificates.map { Array($0) })
          observer(.renewed)
        }
      } catch is CancellationError {
        return
      } catch {
        observer(.warning("the certificate is not renewed: \(error)"))
      }
      try? await Task.sleep(for: .seconds(3600))
    }
  }
}
