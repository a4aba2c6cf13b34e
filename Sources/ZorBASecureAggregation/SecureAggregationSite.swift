import ZorBADiagnostics

/// A site's side of one session: it agrees, masks, and helps to take the sum's masks off.
///
/// Pure: it knows no clock and no transport. Any refusal is final: the keys are erased, and every
/// later call refuses.
package final class SecureAggregationSite {
  /// Where a session stands.
  package enum Phase: Sendable, Hashable {
    /// Nothing has left.
    case idle
    /// The keys are out, and the roster is to come.
    case advertised
    /// The shares are out, and those of others are to come.
    case shared
    /// Ready to mask, waiting for ``SecureAggregationSite/provide(vector:)``.
    case awaitingVector
    /// The masked vector is out, and the list of survivors is to come.
    case masked
    /// The list of survivors is signed, and the others' signatures are to come.
    case confirmed
    /// All done, keys erased.
    case finished
    /// Refused or abandoned, keys erased.
    case refused
  }

  /// The session this takes part in.
  package let session: SecureSession
  /// The client number of this site.
  package let member: Int
  /// Where it stands.
  package private(set) var phase = Phase.idle

  /// Creates a site's side of a session; nothing happens before ``start()``.
  ///
  /// - Parameter random: A cryptographic generator; keys are made from it.
  /// - Throws: ``ZorBAError`` with code `refused` where the site is no member of the group.
  package init(
    session: SecureSession, member: Int, signer: any IdentitySigner,
    verifier: any IdentityVerifier, memory: any SessionMemory,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws {
    self.session = session
    self.member = member
  }

  /// Agrees to the session, and returns the first message for the coordinator.
  ///
  /// - Throws: ``ZorBAError`` with code `refused` where the site has agreed to this or a later
  ///   session of the run before.
  package func start() throws -> [UInt8] { [] }

  /// Takes a message of the coordinator and returns the answer, if there is one now.
  ///
  /// - Throws: ``ZorBAError`` with code `refused` or `invalidData`, in the site's own words.
  package func receive(_ message: [UInt8]) throws -> [UInt8]? { nil }

  /// Hands over the vector to be summed, any time after ``start()``, once.
  ///
  /// - Returns: The masked vector's message where the shares are there already; else it is the answer
  ///   to the message that brings them.
  /// - Throws: ``ZorBAError`` with code `invalidData` for a vector of another length or a second one.
  package func provide(vector: [UInt64]) throws -> [UInt8]? { nil }

  /// Leaves the session and erases its keys.
  package func abandon() { phase = .refused }
}
