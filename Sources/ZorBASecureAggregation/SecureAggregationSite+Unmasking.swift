import ZorBADiagnostics

extension SecureAggregationSite {
  /// Checks the list of survivors, and signs it.
  func takeSurvivors(_ reader: inout MessageReader) throws -> [UInt8]? {
    guard secrets != nil, let graph, let transcript, let sharing = transcript.sharing else {
      throw Refusal.over(session)
    }
    let survivors = try reader.set(of: session.members.count)
    if let stranger = survivors.firstOutside(sharing) {
      throw Refusal.appeared(session.members[stranger], in: "the survivors")
    }
    guard survivors[position] else { throw Refusal.without(this: "the survivors") }
    try check(count: survivors.count, "survive")
    try checkDegrees(within: survivors, of: sharing, graph)
    for other in graph.neighbours(of: position) where survivors[other] {
      let signature = try reader.counted(
        atMost: SecureSession.largestSignature, "a signature")
      try verify(
        signature, of: transcript.maskedInput(of: session.members[other]), by: other,
        certificates: neighbours[other]?.certificates ?? [], under: "its masked vector")
    }
    try reader.finish()
    try commit(to: survivors.positions.map { session.members[$0] })
    var writer = MessageKind.confirmation.begin(session)
    writer.append(
      counted: try signer.sign(transcript.survivors(survivors, signedBy: member)))
    self.survivors = survivors
    phase = .confirmed
    return writer.bytes
  }

  /// Checks that enough members signed the same list, and gives one share of each neighbour: of the
  /// self mask of a survivor, of the mask key of one that dropped out.
  func takeConfirmations(_ reader: inout MessageReader) throws -> [UInt8]? {
    guard let secrets, let graph, let transcript, let sharing = transcript.sharing,
      let survivors
    else { throw Refusal.over(session) }
    let signed = try reader.set(of: session.members.count)
    if let stranger = signed.firstOutside(survivors) {
      throw Refusal.appeared(session.members[stranger], in: "those who signed the survivors")
    }
    let quorum = session.parameters.minimumSurvivors
    guard signed.count >= quorum else { throw Refusal.unconfirmed(signed.count, quorum) }
    for other in signed.positions where other != position {
      let signature = try reader.counted(
        atMost: SecureSession.largestSignature, "a signature")
      let certificates =
        try neighbours[other]?.certificates
        ?? reader.counted(atMost: SecureSession.largestCertificates, "certificates")
      try verify(
        signature, of: transcript.survivors(survivors, signedBy: session.members[other]),
        by: other, certificates: certificates, under: "the survivors")
    }
    try reader.finish()
    var writer = MessageKind.unmasking.begin(session)
    for other in graph.neighbours(of: position) where sharing[other] {
      let share = secrets.held[other]
      writer.append(UInt8(share == nil ? 0 : 1))
      share?.withUnsafeBytes {
        writer.append(fixed: survivors[other] ? $0[32...] : $0[..<32])
      }
    }
    phase = .finished
    erase()
    return writer.bytes
  }

  /// Binds this site to one list of survivors for the round, before it signs.
  ///
  /// A signature is what helps to a sum, so from here on the sum may be told, whatever this site does.
  private func commit(to survivors: [Int]) throws {
    try checkEarlierSum(over: survivors)
    try approve(survivors)
    try memory.rememberSigned(
      .init(round: session.round, members: survivors), federation: session.federation,
      run: session.run)
  }

  /// Attempts at one round sum the same vectors, so sums over unlike members must not be combined.
  ///
  /// - Parameter members: Who would be in the sum.
  func checkEarlierSum(over members: [Int]) throws {
    guard let signed = try memory.signed(federation: session.federation, run: session.run)
    else { return }
    if signed.round > session.round { throw Refusal.passed(signed.round, session) }
    if signed.round == session.round, signed.members != members {
      throw Refusal.otherSum(than: signed.members, session)
    }
  }

  private func verify(
    _ signature: [UInt8], of statement: [UInt8], by other: Int, certificates: [UInt8],
    under what: String
  ) throws {
    do {
      try verifier.verify(
        signature, of: statement, member: session.members[other], certificates: certificates)
    } catch {
      throw Refusal.badSignature(of: session.members[other], under: what, cause: error)
    }
  }
}
