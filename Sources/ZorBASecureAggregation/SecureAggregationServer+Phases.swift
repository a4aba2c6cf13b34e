import ZorBADiagnostics

extension SecureAggregationServer {
  /// Takes the body of the message that the phase waits for.
  mutating func take(
    _ kind: MessageKind, _ reader: inout MessageReader, from position: Int
  ) throws {
    switch phase {
    case .advertising: try takeAdvertisement(&reader, from: position)
    case .sharing: try takeShares(&reader, from: position)
    case .masking: try takeMaskedInput(&reader, from: position)
    case .confirming: try takeConfirmation(&reader, from: position)
    case .unmasking: try takeUnmasking(&reader, from: position)
    case .finished, .failed: return
    }
  }

  /// Goes to the next phase with those who have answered.
  mutating func advance() throws {
    switch phase {
    case .advertising: try closeAdvertising()
    case .sharing: try closeSharing()
    case .masking: try closeMasking()
    case .confirming: try closeConfirming()
    case .unmasking:
      let sum = try unmask()
      result = SecureAggregationResult(
        survivors: survivors.positions.map { session.members[$0] }, sum: sum)
      expected = MemberSet(of: session.members.count)
      release()
      phase = .finished
    case .finished, .failed: return
    }
  }

  /// What a finished session has no more use for.
  private mutating func release() {
    (sum, adjacency, recovered) = ([], [], [])
    (advertisements, sealed, inputSignatures, confirmations) = ([], [], [], [])
  }

  private mutating func takeAdvertisement(
    _ reader: inout MessageReader, from position: Int
  ) throws {
    let member = session.members[position]
    let advertisement = try Advertisement.read(&reader)
    try verify(
      advertisement.signature, of: advertisement.statement(of: member, in: session),
      by: position, certificates: advertisement.certificates, under: "its keys")
    try KeyAgreement.check(advertisement.channelKey, of: member)
    try KeyAgreement.check(advertisement.maskKey, of: member)
    advertisements[position] = advertisement
  }

  private mutating func closeAdvertising() throws {
    present = answers
    try check(present, "showed keys")
    entries = present.flags.indices.map { position in
      advertisements[position]?.entry(of: session.members[position], in: session) ?? []
    }
    let roster = Transcript.digest(
      of: present, entries: entries.filter { !$0.isEmpty }, in: session)
    let graph = try NeighbourGraph(session: session, roster: roster)
    self.graph = graph
    adjacency = present.flags.indices.map { present[$0] ? graph.neighbours(of: $0) : [] }
    transcript = Transcript(session: session, roster: roster)
    try check(graph.degrees(within: present), of: present)
    begin(.sharing, with: present)
  }

  private mutating func takeShares(_ reader: inout MessageReader, from position: Int) throws {
    let count = adjacency[position].count { present[$0] }
    sealed[position] = Array(try reader.fixed(count * SealedShare.byteCount))
  }

  private mutating func closeSharing() throws {
    let sharing = answers
    try check(sharing, "shared their secrets")
    try check(graph?.degrees(within: sharing) ?? [], of: sharing)
    transcript?.sharing = sharing
    begin(.masking, with: sharing)
  }

  private mutating func takeMaskedInput(
    _ reader: inout MessageReader, from position: Int
  ) throws {
    guard let transcript else { return }
    let signature = try reader.counted(atMost: SecureSession.largestSignature, "a signature")
    let words = try reader.words(session.vectorLength)
    try reader.finish()
    try verify(
      signature, of: transcript.maskedInput(of: session.members[position]), by: position,
      certificates: advertisements[position]?.certificates ?? [], under: "its masked vector")
    inputSignatures[position] = signature
    for index in sum.indices { sum[index] &+= words[index] }
  }

  private mutating func closeMasking() throws {
    survivors = answers
    try check(survivors, "survive")
    if let sharing = transcript?.sharing {
      try check(graph?.degrees(within: survivors) ?? [], of: sharing)
    }
    begin(.confirming, with: survivors)
  }

  private mutating func takeConfirmation(
    _ reader: inout MessageReader, from position: Int
  ) throws {
    guard let transcript else { return }
    let signature = try reader.counted(atMost: SecureSession.largestSignature, "a signature")
    try verify(
      signature, of: transcript.survivors(survivors, signedBy: session.members[position]),
      by: position, certificates: advertisements[position]?.certificates ?? [],
      under: "the survivors")
    confirmations[position] = signature
  }

  private mutating func closeConfirming() throws {
    signed = answers
    try check(signed, "signed the list of survivors")
    begin(.unmasking, with: signed)
  }

  /// Everybody in `members` gets the phase's message and is waited for.
  private mutating func begin(_ phase: Phase, with members: MemberSet) {
    // Those who are gone have answered before and are in the sum; nobody waits for them.
    let gone = expected
    self.phase = phase
    let awaited = members.positions.filter { gone[$0] }
    expected = MemberSet(of: session.members.count)
    for position in awaited { expected.insert(position) }
    answers = MemberSet(of: session.members.count)
    pending = awaited[...]
  }

  private func check(_ members: MemberSet, _ what: String) throws {
    let parameters = session.parameters
    guard members.count >= parameters.minimumSurvivors else {
      let absent = session.members.indices.filter { !members[$0] }.map { session.members[$0] }
      let named = absent.prefix(8).map(String.init).joined(separator: ", ")
      throw ZorBAError(
        .refused,
        """
        \(members.count) of \(parameters.members) members \(what) and \
        \(parameters.minimumSurvivors) must; without: \(named)\(absent.count > 8 ? ", …" : "")
        """, advice: "Try again, or without the members that are gone.")
    }
  }

  private func check(_ degrees: [Int], of members: MemberSet) throws {
    for position in members.positions where degrees[position] < session.parameters.threshold {
      throw ZorBAError(
        .refused,
        """
        \(degrees[position]) neighbours of member \(session.members[position]) are left and \
        \(session.parameters.threshold) must be
        """, advice: "Too many dropped out; try again.")
    }
  }

  private func verify(
    _ signature: [UInt8], of statement: [UInt8], by position: Int, certificates: [UInt8],
    under what: String
  ) throws {
    let member = session.members[position]
    do {
      try verifier.verify(
        signature, of: statement, member: member, certificates: certificates)
    } catch {
      throw ZorBAError(
        .refused, "the signature of member \(member) under \(what) does not hold",
        advice: "The member is left out; its operator should look at its identity.", cause: error)
    }
  }
}
