import Crypto
import ZorBADiagnostics

/// A site's side of one session: it agrees, masks, and helps to take the sum's masks off.
///
/// Pure: it knows no clock and no transport. A refusal is final: the keys are erased, and every later
/// call refuses. Only a message of another session, one that is no message at all, and one that was
/// taken before are turned away without an end, for they change nothing.
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
  package internal(set) var phase = Phase.idle
  /// Asked before this site signs that the sum is over these clients, ascending, and so helps to it;
  /// throws where that sum must not be told.
  package var approve: (_ survivors: [Int]) throws -> Void = { _ in }

  let position: Int
  let signer: any IdentitySigner
  let verifier: any IdentityVerifier
  let memory: any SessionMemory
  var random: any RandomNumberGenerator

  /// Present from ``start()`` to the end.
  var secrets: SiteSecrets?
  /// The vector until it is masked, in place.
  var vector: [UInt64]?
  var own: Advertisement?
  /// The neighbours' keys, by position.
  var neighbours: [Int: Advertisement] = [:]
  var graph: NeighbourGraph?
  var transcript: Transcript?
  var present: MemberSet?
  var survivors: MemberSet?

  /// Creates a site's side of a session; nothing happens before ``start()``.
  ///
  /// - Parameter random: A cryptographic generator; keys are made from it.
  /// - Throws: ``ZorBAError`` with code `refused` where the site is no member of the group.
  package init(
    session: SecureSession, member: Int, signer: any IdentitySigner,
    verifier: any IdentityVerifier, memory: any SessionMemory,
    random: any RandomNumberGenerator = SystemRandomNumberGenerator()
  ) throws {
    guard let position = session.position(of: member) else {
      throw ZorBAError(
        .refused, "client \(member) is no member of the group it is asked to join",
        advice: "The coordinator and the site disagree about the round's assignment.")
    }
    self.session = session
    self.member = member
    self.position = position
    self.signer = signer
    self.verifier = verifier
    self.memory = memory
    self.random = random
  }

  /// Agrees to the session, and returns the first message for the coordinator.
  ///
  /// - Throws: ``ZorBAError`` with code `refused` where the site has agreed to this or a later
  ///   session of the run before.
  package func start() throws -> [UInt8] {
    guard phase == .idle else {
      throw ZorBAError(
        .refused, "the session of round \(session.round) has been started before",
        advice: "A session runs once; take the next attempt.")
    }
    return try refusingFinally {
      try agree()
      let secrets = try SiteSecrets(from: &random)
      var own = Advertisement(
        channelKey: Array(secrets.channelKey.publicKey.rawRepresentation),
        maskKey: Array(secrets.maskKey.publicKey.rawRepresentation),
        seedCommitment: Advertisement.commitment(to: secrets.seed, of: member, in: session),
        signature: [], certificates: signer.certificates)
      own.signature = try signer.sign(own.statement(of: member, in: session))
      self.secrets = secrets
      self.own = own
      phase = .advertised
      var writer = MessageKind.advertisement.begin(session)
      own.write(to: &writer)
      return writer.bytes
    }
  }

  /// Takes a message of the coordinator and returns the answer, if there is one now.
  ///
  /// - Throws: ``ZorBAError`` with code `refused` or `invalidData`, in the site's own words.
  package func receive(_ message: [UInt8]) throws -> [UInt8]? {
    guard phase != .refused else { throw Refusal.over(session) }
    var reader = MessageReader(message, from: "the coordinator")
    let kind = try MessageKind.read(&reader, session: session)
    if let replay = try replay(kind, reader) { throw replay }
    return try refusingFinally {
      switch (phase, kind) {
      case (.advertised, .roster): try takeRoster(&reader)
      case (.shared, .delivery): try takeDelivery(&reader)
      case (.masked, .survivors): try takeSurvivors(&reader)
      case (.confirmed, .confirmations): try takeConfirmations(&reader)
      default: throw Refusal.outOfTurn(kind)
      }
    }
  }

  /// Hands over the vector to be summed, any time after ``start()``, once.
  ///
  /// - Returns: The masked vector's message where the shares are there already; else it is the answer
  ///   to the message that brings them.
  /// - Throws: ``ZorBAError`` with code `invalidData` for a vector of another length or a second one.
  package func provide(vector: [UInt64]) throws -> [UInt8]? {
    guard secrets != nil else { throw Refusal.over(session) }
    guard vector.count == session.vectorLength else {
      throw ZorBAError(
        .invalidData,
        "a vector of \(vector.count) words is to be summed, and the session's has "
          + "\(session.vectorLength)", advice: "Every member adds the same scalars.")
    }
    guard self.vector == nil, ![.masked, .confirmed].contains(phase) else {
      throw ZorBAError(
        .invalidData, "a second vector is to be summed in one session",
        advice: "Masks hide one vector; take the next attempt for another.")
    }
    self.vector = vector
    return phase == .awaitingVector ? try refusingFinally { try mask() } : nil
  }

  /// Leaves the session and erases its keys.
  package func abandon() {
    if phase != .finished { phase = .refused }
    erase()
  }

  /// Lets go of everything secret.
  func erase() {
    secrets = nil
    vector = nil
  }

  private func agree() throws {
    let latest = try memory.latest(federation: session.federation, run: session.run)
    let mark = SessionMark(round: session.round, attempt: session.attempt)
    if let latest, mark <= latest {
      throw mark == latest ? Refusal.repeated(mark) : Refusal.rollback(to: mark, from: latest)
    }
    // Whoever signed a list masks for no session that might end with another.
    try checkEarlierSum(over: session.members)
    try memory.remember(mark, federation: session.federation, run: session.run)
  }

  /// Whatever goes wrong ends the session on this side and erases the keys.
  private func refusingFinally<Value>(_ body: () throws -> Value) throws -> Value {
    guard phase != .refused else { throw Refusal.over(session) }
    do {
      return try body()
    } catch {
      let wasFinished = phase == .finished
      erase()
      if !wasFinished { phase = .refused }
      throw error as? ZorBAError
        ?? ZorBAError(
          .refused, "this site cannot take part in round \(session.round)",
          advice: "The cause is on this site.", cause: error)
    }
  }

  /// What is wrong with a message that repeats an earlier one, or nil where it does not.
  ///
  /// A repeated message changes nothing. A second list of survivors that moves a neighbour from one
  /// side to the other is more than that, and ends the session.
  private func replay(_ kind: MessageKind, _ reader: MessageReader) throws -> ZorBAError? {
    if kind == .survivors, let survivors, let graph {
      var reader = reader
      let other = try reader.set(of: session.members.count)
      let changed = graph.neighbours(of: position).first { survivors[$0] != other[$0] }
      if let changed {
        abandon()
        return Refusal.bothShares(of: session.members[changed])
      }
    }
    let awaited: MessageKind =
      switch phase {
      case .idle, .advertised: .roster
      case .shared: .delivery
      case .awaitingVector, .masked: .survivors
      case .confirmed: .confirmations
      case .finished, .refused: .unmasking
      }
    return kind < awaited && kind != .advertisement ? Refusal.replayed(kind) : nil
  }
}
