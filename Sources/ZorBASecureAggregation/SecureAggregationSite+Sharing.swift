import Crypto
import ZorBADiagnostics

extension SecureAggregationSite {
  /// Checks everybody's keys, and seals shares of this site's secrets to its neighbours.
  ///
  /// The roster has, for each member that is present, its keys where it is a neighbour and the digest
  /// of them where it is not, so that the roster's digest covers all.
  func takeRoster(_ reader: inout MessageReader) throws -> [UInt8]? {
    guard let secrets, let own else { throw Refusal.over(session) }
    let members = session.members
    let present = try reader.set(of: members.count)
    try check(count: present.count, "showed keys")
    var keys: [Int: Advertisement] = [:]
    var entries: [[UInt8]] = []
    for other in present.positions {
      if try reader.flag() {
        let advertisement = try Advertisement.read(&reader)
        keys[other] = advertisement
        entries.append(advertisement.entry(of: members[other], in: session))
      } else {
        entries.append(Array(try reader.fixed(32)))
      }
      if other == position {
        guard entries.last == own.entry(of: member, in: session) else {
          throw Refusal.swappedKeys()
        }
      }
    }
    try reader.finish()
    guard present[position] else { throw Refusal.without(this: "the keys") }
    let roster = Transcript.digest(of: present, entries: entries, in: session)
    let graph = try NeighbourGraph(session: session, roster: roster)
    let adjacent = graph.neighbours(of: position).filter { present[$0] }
    try check(thin: adjacent.count)
    for other in adjacent {
      guard let advertisement = keys[other] else {
        throw Refusal.missing("the keys of member \(members[other])")
      }
      do {
        try verifier.verify(
          advertisement.signature, of: advertisement.statement(of: members[other], in: session),
          member: members[other], certificates: advertisement.certificates)
      } catch {
        throw Refusal.badSignature(of: members[other], under: "its keys", cause: error)
      }
      neighbours[other] = advertisement
    }
    let transcript = Transcript(session: session, roster: roster)
    let message = try seal(secrets, to: adjacent, graph, transcript)
    self.present = present
    self.graph = graph
    self.transcript = transcript
    phase = .shared
    return message
  }

  private func seal(
    _ secrets: SiteSecrets, to adjacent: [Int], _ graph: NeighbourGraph, _ transcript: Transcript
  ) throws -> [UInt8] {
    let shares = ShamirSharing.deal(
      secrets.shared, threshold: session.parameters.threshold,
      points: adjacent.map { graph.point(of: $0, for: position) }, from: &random)
    var writer = MessageKind.shares.begin(session)
    writer.reserve(adjacent.count * SealedShare.byteCount)
    for (other, share) in zip(adjacent, shares) {
      let peer = session.members[other]
      let agreed = try KeyAgreement.agree(
        secrets.channelKey, with: neighbours[other]?.channelKey ?? [], of: peer)
      secrets.openingKeys[other] = KeyAgreement.channelKey(
        agreed, transcript, from: peer, to: member)
      writer.append(
        fixed: try SealedShare.seal(
          share, key: KeyAgreement.channelKey(agreed, transcript, from: member, to: peer),
          transcript, from: member, to: peer))
    }
    return writer.bytes
  }

  /// Opens the shares that neighbours sealed to this site; its vector may leave now.
  ///
  /// A share that does not open is not held, and the rest goes on: a peer that seals rubbish, or a
  /// coordinator that flips bits, must not stop everybody. Unmasking tells who is short of shares.
  func takeDelivery(_ reader: inout MessageReader) throws -> [UInt8]? {
    guard let secrets, let present, let graph, let transcript else {
      throw Refusal.over(session)
    }
    let sharing = try reader.set(of: session.members.count)
    if let stranger = sharing.firstOutside(present) {
      throw Refusal.appeared(session.members[stranger], in: "those who shared")
    }
    guard sharing[position] else { throw Refusal.without(this: "those who shared") }
    try check(count: sharing.count, "shared their secrets")
    try checkDegrees(within: sharing, of: sharing, graph)
    for other in graph.neighbours(of: position) where sharing[other] {
      let sealed = try reader.fixed(SealedShare.byteCount)
      guard let key = secrets.openingKeys[other] else { throw Refusal.over(session) }
      secrets.held[other] = SealedShare.open(
        sealed, key: key, transcript, from: session.members[other], to: member)
    }
    try reader.finish()
    secrets.openingKeys = [:]
    self.transcript?.sharing = sharing
    phase = .awaitingVector
    return vector == nil ? nil : try mask()
  }

  /// Masks the vector in place, so that no plain copy stays behind, and signs with whom.
  func mask() throws -> [UInt8] {
    guard let secrets, let graph, let transcript, let sharing = transcript.sharing,
      var words = vector.take()
    else { throw Refusal.over(session) }
    try KeyAgreement.selfMask(secrets.seed, transcript, of: member)
      .apply(to: &words, subtracting: false)
    for other in graph.neighbours(of: position) where sharing[other] {
      let peer = session.members[other]
      let agreed = try KeyAgreement.agree(
        secrets.maskKey, with: neighbours[other]?.maskKey ?? [], of: peer)
      try KeyAgreement.pairMask(agreed, transcript, between: member, and: peer)
        .apply(to: &words, subtracting: member > peer)
    }
    var writer = MessageKind.maskedInput.begin(session)
    writer.append(counted: try signer.sign(transcript.maskedInput(of: member)))
    writer.reserve(8 * words.count)
    for word in words { writer.append(word) }
    phase = .masked
    return writer.bytes
  }

  func check(count: Int, _ phase: String) throws {
    let parameters = session.parameters
    guard count >= parameters.minimumSurvivors, count >= parameters.minimum else {
      throw Refusal.shrunk(count, phase, parameters)
    }
  }

  private func check(thin count: Int) throws {
    guard count >= session.parameters.threshold else {
      throw Refusal.thin(member, count, session.parameters.threshold)
    }
  }

  /// Every member of `subjects` must have enough neighbours in `set`; not only this site, for others
  /// see only to themselves too.
  func checkDegrees(
    within set: MemberSet, of subjects: MemberSet, _ graph: NeighbourGraph
  ) throws {
    let degrees = graph.degrees(within: set)
    for subject in subjects.positions where degrees[subject] < session.parameters.threshold {
      throw Refusal.thin(
        session.members[subject], degrees[subject], session.parameters.threshold)
    }
  }
}
