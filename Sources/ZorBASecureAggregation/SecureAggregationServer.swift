package import ZorBADiagnostics

/// The coordinator's side of one session: messages in, messages out, one sum at the end.
///
/// Pure: it knows no clock and no transport. Whoever runs it hands in what members sent, says when a
/// phase has lasted long enough, and sends what ``nextOutgoing()`` or ``takeOutgoing()`` return.
///
/// A phase goes on by itself when everybody it waits for has answered, with one exception: masked
/// vectors are collected until ``closePhase()``, because the round decides when it has enough.
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
  package internal(set) var phase = Phase.advertising
  /// The sum, once finished.
  package internal(set) var result: SecureAggregationResult?
  /// Who was left out for what it did, in order of discovery.
  package internal(set) var faults: [MemberFault] = []
  /// Why there is no result, once failed.
  package internal(set) var failure: ZorBAError?

  let verifier: any IdentityVerifier
  /// Those whom the phase waits for, or has waited for.
  var expected: MemberSet
  /// Those who have answered it.
  var answers: MemberSet
  /// Who gets the phase's message still.
  var pending: ArraySlice<Int> = []

  // What was collected, by position.
  var advertisements: [Advertisement?]
  var sealed: [[UInt8]]
  var sum: [UInt64]
  var inputSignatures: [[UInt8]]
  var confirmations: [[UInt8]]
  /// Shares of each member's secret, with who gave them.
  var recovered: [[RecoveredShare]]

  // What the phases came to.
  var present: MemberSet
  var entries: [[UInt8]] = []
  var transcript: Transcript?
  var graph: NeighbourGraph?
  /// The neighbours of each position, ascending.
  var adjacency: [[Int]] = []
  var survivors: MemberSet
  var signed: MemberSet

  /// Creates the coordinator's side; `verifier` speaks for the enrolled identities.
  package init(session: SecureSession, verifier: any IdentityVerifier) {
    self.session = session
    self.verifier = verifier
    let count = session.members.count
    let nobody = MemberSet(of: count)
    expected = MemberSet(Array(repeating: true, count: count))
    (answers, present, survivors, signed) = (nobody, nobody, nobody, nobody)
    advertisements = Array(repeating: nil, count: count)
    sealed = Array(repeating: [], count: count)
    (inputSignatures, confirmations) = (sealed, sealed)
    recovered = Array(repeating: [], count: count)
    sum = Array(repeating: 0, count: session.vectorLength)
  }

  /// The client numbers whose answer the phase still waits for, ascending.
  package var awaited: [Int] {
    expected.positions.filter { !answers[$0] }.map { session.members[$0] }
  }

  /// The client numbers that have answered the phase, ascending.
  package var answered: [Int] { answers.positions.map { session.members[$0] } }

  /// The client numbers whose sum is, or would be, told; none before the masked vectors are there.
  package var survivingMembers: [Int] { survivors.positions.map { session.members[$0] } }

  /// Takes a message of a member.
  ///
  /// - Throws: ``ZorBAError``: where the message cannot be used, naming the member. It is then out of
  ///   the session (see ``faults``) and the others go on, unless the message merely came too late or
  ///   twice; where the session fails with it, ``failure``.
  package mutating func receive(_ message: [UInt8], from member: Int) throws {
    guard let position = session.position(of: member) else {
      throw ZorBAError(
        .refused, "client \(member) is no member of the group whose sum it wants to join",
        advice: "It answers another assignment.")
    }
    var reader = MessageReader(message, from: "member \(member)")
    let kind: MessageKind
    do {
      kind = try MessageKind.read(&reader, session: session)
    } catch let error as ZorBAError where error.code == .invalidData {
      try leaveOut(position, for: error)
      throw error
    }
    guard kind == awaitedKind, expected[position], !answers[position] else {
      throw untimely(kind, member)
    }
    do {
      try take(kind, &reader, from: position)
      try reader.finish()
    } catch {
      try leaveOut(position, for: error)
      throw error
    }
    answers.insert(position)
    try advanceWhenComplete()
  }

  /// Leaves out a member that is gone, as far as it has not answered yet.
  ///
  /// - Throws: ``failure`` where the session fails with it.
  package mutating func drop(_ member: Int) throws {
    guard let position = session.position(of: member), failure == nil, result == nil else {
      return
    }
    expected.remove(position)
    // What it has not been sent is not for it any more; what it has answered stays.
    pending.removeAll { $0 == position }
    try advanceWhenComplete()
  }

  /// Ends the phase with those who have answered it.
  ///
  /// - Throws: ``failure`` where those are too few.
  package mutating func closePhase() throws {
    switch phase {
    case .finished: return
    case .failed: if let failure { throw failure }
    default: try failing { try $0.advance() }
    }
  }

  /// The messages to send now; they are returned once.
  package mutating func takeOutgoing() -> [SecureAggregationMessage] {
    var messages: [SecureAggregationMessage] = []
    while let message = nextOutgoing() { messages.append(message) }
    return messages
  }

  /// The next message to send, made when it is asked for: a large group's are never all in memory.
  package mutating func nextOutgoing() -> SecureAggregationMessage? {
    guard let position = pending.popFirst() else { return nil }
    return SecureAggregationMessage(
      member: session.members[position], payload: compose(for: position))
  }

  private var awaitedKind: MessageKind? {
    switch phase {
    case .advertising: .advertisement
    case .sharing: .shares
    case .masking: .maskedInput
    case .confirming: .confirmation
    case .unmasking: .unmasking
    case .finished, .failed: nil
    }
  }

  /// Records the fault, and goes on without the member.
  private mutating func leaveOut(_ position: Int, for error: any Error) throws {
    guard failure == nil, result == nil else { return }
    faults.append(MemberFault(member: session.members[position], error: error))
    guard !answers[position] else { return }
    try drop(session.members[position])
  }

  private mutating func advanceWhenComplete() throws {
    guard failure == nil, result == nil, phase != .masking,
      expected.firstOutside(answers) == nil
    else { return }
    try failing { try $0.advance() }
  }

  private mutating func failing(_ body: (inout Self) throws -> Void) throws {
    do {
      try body(&self)
    } catch {
      let failure =
        error as? ZorBAError
        ?? ZorBAError(
          .refused, "the secure sum of round \(session.round) cannot be computed",
          advice: "The cause is on the coordinator.", cause: error)
      self.failure = failure
      phase = .failed
      pending = []
      throw failure
    }
  }

  private func untimely(_ kind: MessageKind, _ member: Int) -> ZorBAError {
    let again = awaitedKind.map { kind <= $0 } ?? true
    return ZorBAError(
      .refused,
      again
        ? "member \(member) sends \(kind.name) late or for a second time"
        : "member \(member) sends \(kind.name) out of turn",
      advice: "It is not used. The first that came in time counts.")
  }
}
