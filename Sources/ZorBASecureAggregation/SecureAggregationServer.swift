package import ZorBADiagnostics

/// The coordinator's side of one session: messages in, messages out, one sum at the end.
///
/// Pure: it knows no clock and no transport. Whoever runs it hands in what members sent, says when a
/// phase has lasted long enough, and sends what ``takeOutgoing()`` returns.
///
/// A phase goes on by itself when everybody it waits for has answered, with one exception: masked
/// inputs are collected until ``closePhase()``, because the round decides when it has enough.
package struct SecureAggregationServer: Sendable {
  /// Where a session stands.
  package enum Phase: Sendable, Hashable {
    /// Collecting signed keys.
    case advertising
    /// Collecting sealed shares.
    case sharing
    /// Collecting masked vectors.
    case masking
    /// Collecting signatures over the list of survivors.
    case confirming
    /// Collecting the shares that take the masks off.
    case unmasking
    /// There is a result.
    case finished
    /// There will be none.
    case failed
  }

  /// The session this serves.
  package let session: SecureSession
  /// Where it stands.
  package private(set) var phase = Phase.advertising
  /// The sum, once finished.
  package private(set) var result: SecureAggregationResult?
  /// Who was left out for what it did, in order of discovery.
  package private(set) var faults: [MemberFault] = []
  /// Why there is no result, once failed.
  package private(set) var failure: ZorBAError?

  /// The client numbers whose answer the phase still waits for, ascending.
  package var awaited: [Int] { [] }
  /// The client numbers that have answered the phase, ascending.
  package var answered: [Int] { [] }

  private let verifier: any IdentityVerifier

  /// Creates the coordinator's side; `verifier` speaks for the enrolled identities.
  package init(session: SecureSession, verifier: any IdentityVerifier) {
    self.session = session
    self.verifier = verifier
  }

  /// Takes a message of a member.
  ///
  /// - Throws: ``ZorBAError``: where the message cannot be used, naming the member, which is then out
  ///   of the session (see ``faults``) while the others go on; where the session fails with it,
  ///   ``failure``.
  package mutating func receive(_ message: [UInt8], from member: Int) throws {}

  /// Leaves out a member that is gone.
  ///
  /// - Throws: ``failure`` where the session fails with it.
  package mutating func drop(_ member: Int) throws {}

  /// Ends the phase with those who have answered it.
  ///
  /// - Throws: ``failure`` where those are too few.
  package mutating func closePhase() throws {}

  /// The messages to send now; they are returned once.
  package mutating func takeOutgoing() -> [SecureAggregationMessage] { [] }
}
