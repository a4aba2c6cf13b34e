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
    try checkDifferences(to: survivors)
    for other in graph.neighbours(of: position) where survivors[other] {
      let signature = try reader.counted(
        atMost: SecureSession.largestSignature, "a signature")
      try verify(
        signature, of: transcript.maskedInput(of: session.members[other]), by: other,
        certificates: neighbours[other]?.certificates ?? [], under: "its masked vector")
    }
    try reader.finish()
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
    try approve(survivors.positions.map { session.members[$0] })
    var writer = MessageKind.unmasking.begin(session)
    for other in graph.neighbours(of: position) where sharing[other] {
      let share = secrets.held[other]
      writer.append(UInt8(share == nil ? 0 : 1))
      share?.withUnsafeBytes {
        writer.append(fixed: survivors[other] ? $0[32...] : $0[..<32])
      }
    }
    // Before the shares leave with the return.
    try memory.rememberUnmasked(
      survivors.positions.map { session.members[$0] }, round: session.round,
      federation: session.federation, run: session.run)
    phase = .finished
    erase()
    return writer.bytes
  }

  /// Sums of attempts at one round must not tell the difference of a few.
  ///
  /// Members that are in the same ones of all lists form a class, and every combination of the sums
  /// weighs a class as one. So with no class smaller than the minimum, no combination has fewer
  /// members than that; the rule for blocks of a round, for attempts at it.
  private func checkDifferences(to survivors: MemberSet) throws {
    let earlier = try memory.unmasked(
      round: session.round, federation: session.federation, run: session.run)
    let lists = (earlier + [survivors.positions.map { session.members[$0] }]).map(Set.init)
    let everybody = lists.reduce(into: Set()) { $0.formUnion($1) }
    let classes = Dictionary(grouping: everybody) { member in lists.map { $0.contains(member) } }
    let smallest = classes.values.min { ($0.count, $0.min() ?? 0) < ($1.count, $1.min() ?? 0) }
    if let smallest, smallest.count < session.parameters.minimum {
      throw Refusal.difference(smallest.sorted(), session)
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
