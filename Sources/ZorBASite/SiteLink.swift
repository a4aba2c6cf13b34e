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
    /// Those under way.
    var calls: [Int: Task<Void, Never>] = [:]
    var lastCall = 0
    /// Fetches the files of weights.
    var weights: Task<Void, Never>?
    /// Sends an update.
    var upload: Task<Void, Never>?
  }

  /// Messages that may wait for the agent's loop.
  private static let unreadLimit = 4096

  /// Messages that wait for the agent's loop, which counts them off.
  let unread = Atomic<Int>(0)

  /// The federation that the site's certificate belongs to.
  let federation: String

  private let client: WireClient
  private let identity: String
  let observer: @Sendable (AgentNotice) -> Void
  let post: @Sendable (SiteAgent.Input) -> Void
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
                for try await message in inbound {
                  // A coordinator that talks faster than the site works is left unread.
                  while self.unread.load(ordering: .relaxed) > Self.unreadLimit {
                    try await Task.sleep(for: .milliseconds(10))
                  }
                  self.unread.wrappingAdd(1, ordering: .relaxed)
                  post(.received(number, message))
                }
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
    for call in calls.values { call.cancel() }
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
          await worker.finish(.fetched(Array(piece), at: start))
        }
        worker.enqueue(.endFetch)
      } catch {
        observer(.warning("the journal cannot be fetched: \(error)"))
        post(.event(.fetchFailed))
      }
    }
  }

  /// Fetches the files that weights are made from, as far as they are not here already; goes on until
  /// that is done, the connection ends, or another try begins.
  ///
  /// - Parameter number: That of the try.
  func fetchWeights(_ fetch: WeightFetch, number: Int) {
    let earlier = state.withLock { $0.weights }
    let task = call { [self] in
      // Two must not write the same files.
      earlier?.cancel()
      await earlier?.value
      while !Task.isCancelled, let connection {
        if await attempt(fetch, number: number, over: connection) { return }
        try? await Task.sleep(for: .seconds(2))
      }
    }
    state.withLock { $0.weights = task }
  }

  /// Whether the try is over.
  private func attempt(
    _ fetch: WeightFetch, number: Int, over connection: WireConnection
  ) async -> Bool {
    do {
      post(.weightsHere(number, try await fetch.complete(over: connection)))
      return true
    } catch is CancellationError {
      return true
    } catch let error as ZorBAError
      where error.wireFault == nil || error.wireFault == .permissionDenied
    {
      post(.failure(error))
      return true
    } catch {
      // What came is kept; the next try goes on where this one ended.
      observer(.warning("the weights are not here yet: \(error)"))
      return false
    }
  }

  /// The connection that stands.
  var connection: WireConnection? { state.withLock { $0.connection } }

  /// Begins an upload once the one that is under way has been given up.
  func replaceUpload(_ body: @escaping @Sendable () async -> Void) {
    let earlier = state.withLock { link in
      defer { link.upload = nil }
      return link.upload
    }
    earlier?.cancel()
    let task = call {
      await earlier?.value
      guard !Task.isCancelled else { return }
      await body()
    }
    state.withLock { $0.upload = task }
  }

  /// Gives up the upload that is under way.
  func cancelUpload() { state.withLock { $0.upload }?.cancel() }

  /// Does something beside the stream, until it is done or everything ends.
  @discardableResult
  func call(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    state.withLock { link in
      link.lastCall += 1
      let number = link.lastCall
      let task = Task { [self] in
        await body()
        state.withLock { $0.calls[number] = nil }
      }
      link.calls[number] = task
      return task
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
