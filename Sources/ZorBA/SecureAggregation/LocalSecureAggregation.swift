import Crypto
import ZorBADiagnostics
import ZorBAFederation
import ZorBASecureAggregation

/// Secure aggregation with all sites and the coordinator in one process: the same messages, sums and
/// refusals as over a network, and none of its privacy.
final class LocalSecureAggregation {
  private let terms: SecureTerms
  private let keys: [P256.Signing.PrivateKey]
  private let memories: [VolatileSessionMemory]

  /// - Parameter clients: Clients of the run; each gets a signing key of its own.
  init(_ terms: SecureTerms, clients: Int) {
    self.terms = terms
    keys = (0..<clients).map { _ in P256.Signing.PrivateKey() }
    memories = (0..<clients).map { _ in VolatileSessionMemory() }
  }

  /// What came of an attempt.
  struct Outcome {
    var sums: [GroupSum] = []
    /// Bytes of the protocol's messages, to and from the coordinator.
    var bytes = (up: 0, down: 0)
    /// Why groups gave no sum.
    var failures: [String] = []
  }

  /// Adds up answers group by group.
  ///
  /// - Parameters:
  ///   - groups: Clients asked that train the same blocks, each ascending.
  ///   - answers: What they answered; who is missing fell silent before its masked answer.
  func sums(
    _ ticket: RoundCoordinator.Ticket, groups: [[Int]],
    answers: [Int: (scalars: [Float], loss: Double, examples: Int)]
  ) throws -> Outcome {
    var outcome = Outcome()
    for group in groups {
      do {
        let session = try terms.session(ticket, members: group)
        let vectors = try answers.filter { group.contains($0.key) }.mapValues {
          try terms.vector(
            scalars: $0.scalars, loss: $0.loss, examples: $0.examples, members: group.count)
        }
        let result = try run(session, vectors: vectors, bytes: &outcome.bytes)
        outcome.sums.append(try terms.sum(of: result, members: group.count))
      } catch let error as ZorBAError {
        outcome.failures.append(
          "clients \(group.map { "\($0 + 1)" }.joined(separator: ", ")): \(error.message)")
      }
    }
    return outcome
  }

  private func run(
    _ session: SecureSession, vectors: [Int: [UInt64]], bytes: inout (up: Int, down: Int)
  ) throws -> SecureAggregationResult {
    let directory = Directory(keys: keys.map { Array($0.publicKey.rawRepresentation) })
    var server = SecureAggregationServer(session: session, verifier: directory)
    var sites: [Int: SecureAggregationSite] = [:]
    for member in session.members {
      let site = try SecureAggregationSite(
        session: session, member: member, signer: Signer(key: keys[member]), verifier: directory,
        memory: memories[member])
      sites[member] = site
      let message = try site.start()
      bytes.up += message.count
      try server.receive(message, from: member)
      // It leaves with the shares that make room for it.
      if let vector = vectors[member] { _ = try site.provide(vector: vector) }
    }
    while true {
      let outgoing = server.takeOutgoing()
      if outgoing.isEmpty {
        guard server.phase == .masking else { break }
        try server.closePhase()
        continue
      }
      for message in outgoing {
        bytes.down += message.payload.count
        // Who fell silent while computing hears nothing after its shares.
        guard let site = sites[message.member],
          vectors[message.member] != nil || server.phase == .advertising
            || server.phase == .sharing
        else { continue }
        guard let answer = try site.receive(message.payload) else { continue }
        bytes.up += answer.count
        try server.receive(answer, from: message.member)
      }
    }
    guard let result = server.result else {
      throw server.failure
        ?? ZorBAError(.interrupted, "the secure aggregation of a group came to no end")
    }
    return result
  }

  /// A client's key of this process.
  private struct Signer: IdentitySigner {
    let key: P256.Signing.PrivateKey
    var certificates: [UInt8] { [] }

    func sign(_ bytes: [UInt8]) throws -> [UInt8] {
      Array(try key.signature(for: bytes).derRepresentation)
    }
  }

  /// All clients' public keys.
  private struct Directory: IdentityVerifier {
    let keys: [[UInt8]]

    func verify(
      _ signature: [UInt8], of bytes: [UInt8], member: Int, certificates: [UInt8]
    ) throws {
      guard keys.indices.contains(member),
        try P256.Signing.PublicKey(rawRepresentation: keys[member]).isValidSignature(
          P256.Signing.ECDSASignature(derRepresentation: signature), for: bytes)
      else {
        throw ZorBAError(.refused, "client \(member + 1) did not sign this")
      }
    }
  }
}
