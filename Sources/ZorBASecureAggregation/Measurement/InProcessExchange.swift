import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One session with all its members in one process: the same messages as over a network, counted.
package struct InProcessExchange {
  /// Bytes and processor time.
  package struct Cost: Sendable, Hashable {
    /// From the members to the coordinator, of all members together.
    package var bytesUp = 0
    /// From the coordinator to the members, of all members together.
    package var bytesDown = 0
    /// Processor seconds of all sites together.
    package var siteSeconds = 0.0
    /// Processor seconds of the coordinator.
    package var serverSeconds = 0.0
  }

  private let session: SecureSession
  private let signer: (Int) throws -> any IdentitySigner
  private let verifier: any IdentityVerifier
  private let memories: [Int: VolatileSessionMemory]
  /// What the session took.
  package private(set) var cost = Cost()

  /// Prepares a session; `memories` carry from session to session what each member agreed to, and
  /// members without one begin with an empty memory.
  package init(
    session: SecureSession, identities: InProcessIdentities,
    memories: [Int: VolatileSessionMemory] = [:]
  ) {
    self.init(
      session: session, verifier: identities, memories: memories,
      signer: { try identities.signer(of: $0) })
  }

  /// Prepares a session whose members sign with what `signer` returns.
  package init(
    session: SecureSession, verifier: any IdentityVerifier,
    memories: [Int: VolatileSessionMemory] = [:],
    signer: @escaping (Int) throws -> any IdentitySigner
  ) {
    self.session = session
    self.signer = signer
    self.verifier = verifier
    self.memories = memories
  }

  /// Runs the session.
  ///
  /// - Parameter vectors: The vector of each member that computed one; the others drop out after they
  ///   have dealt their shares.
  /// - Throws: ``ZorBAError`` where the session fails.
  package mutating func run(vectors: [Int: [UInt64]]) throws -> SecureAggregationResult {
    let (session, verifier, signer, memories) = (session, verifier, signer, memories)
    var server = SecureAggregationServer(session: session, verifier: verifier)
    var sites: [Int: SecureAggregationSite] = [:]
    for member in session.members {
      let message = try onSite {
        let site = try SecureAggregationSite(
          session: session, member: member, signer: signer(member),
          verifier: verifier, memory: memories[member] ?? VolatileSessionMemory())
        sites[member] = site
        let message = try site.start()
        if let vector = vectors[member] { _ = try site.provide(vector: vector) }
        return message
      }
      try deliver(message, from: member, to: &server)
    }
    while server.phase != .finished {
      guard let message = onServer({ server.nextOutgoing() }) else {
        // Nothing is under way, so everybody who has a vector has handed it over.
        try onServer { try server.closePhase() }
        continue
      }
      cost.bytesDown += message.payload.count
      let answer = try onSite { try sites[message.member]?.receive(message.payload) }
      if let answer { try deliver(answer, from: message.member, to: &server) }
    }
    guard let result = server.result else { throw Refusal.over(session) }
    return result
  }

  private mutating func deliver(
    _ message: [UInt8], from member: Int, to server: inout SecureAggregationServer
  ) throws {
    cost.bytesUp += message.count
    try onServer { try server.receive(message, from: member) }
  }

  private mutating func onSite<Value>(_ body: () throws -> Value) rethrows -> Value {
    let start = Self.processorSeconds()
    defer { cost.siteSeconds += Self.processorSeconds() - start }
    return try body()
  }

  private mutating func onServer<Value>(_ body: () throws -> Value) rethrows -> Value {
    let start = Self.processorSeconds()
    defer { cost.serverSeconds += Self.processorSeconds() - start }
    return try body()
  }

  private static func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
