import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBASecureAggregation

/// What a coordinator may try, and what a site says to it.
@Suite struct MaliciousServerTests {
  static let header = MessageKind.headerBytes

  /// The roster for member 1 of five with the body of one entry changed.
  func roster(
    _ staged: Staged, changing member: Int,
    _ change: (inout Advertisement) -> Void
  ) throws -> [UInt8] {
    var forged = staged.server
    let position = try #require(staged.session.position(of: member))
    var advertisement = try #require(forged.advertisements[position])
    change(&advertisement)
    forged.advertisements[position] = advertisement
    return forged.compose(for: 0)
  }

  func expectRefusal(
    _ staged: Staged, of member: Int = 1, to message: [UInt8], saying words: String...,
    ends: Bool = true, at location: SourceLocation = #_sourceLocation
  ) throws {
    let error = try #require(
      staged.refusal(of: member, to: message), sourceLocation: location)
    #expect(error.code == .refused, sourceLocation: location)
    #expect(error.advice != nil, sourceLocation: location)
    for word in words {
      #expect(error.message.contains(word), "\(error.message)", sourceLocation: location)
    }
    let site = try staged.site(member)
    if ends {
      #expect(site.phase == .refused || site.phase == .finished, sourceLocation: location)
      #expect(site.secrets == nil && site.vector == nil, sourceLocation: location)
    } else {
      #expect(site.phase != .refused, sourceLocation: location)
    }
  }

  // MARK: Keys

  @Test func swappedKeysOfAPeer() throws {
    for swap in [\Advertisement.channelKey, \Advertisement.maskKey, \Advertisement.seedCommitment] {
      let staged = try Staged()
      let forged = try roster(staged, changing: 2) { $0[keyPath: swap][5] ^= 1 }
      try expectRefusal(staged, to: forged, saying: "member 2", "keys", "does not hold")
    }
  }

  @Test func unsignedAndForeignSignatures() throws {
    for signature in [[], TestIdentities(seed: 3).tag(of: [1], by: 2)] {
      let staged = try Staged()
      let forged = try roster(staged, changing: 2) { $0.signature = signature }
      try expectRefusal(staged, to: forged, saying: "member 2", "does not hold")
    }
    let staged = try Staged()
    let other = try #require(staged.server.advertisements[2])
    let forged = try roster(staged, changing: 2) { $0 = other }
    try expectRefusal(staged, to: forged, saying: "member 2", "does not hold")
  }

  @Test func swappedKeysOfTheSiteItself() throws {
    let staged = try Staged()
    var message = try staged.message(1)
    // The site's own entry comes first: a map of a byte, a flag, then the digest.
    message[Self.header + 3] ^= 1
    try expectRefusal(staged, to: message, saying: "keys of this site")
  }

  @Test func keysHeldBack() throws {
    let staged = try Staged()
    var writer = MessageKind.roster.begin(staged.session)
    writer.append(fixed: staged.server.present.bytes)
    for position in 0..<5 {
      writer.append(UInt8(0))
      writer.append(fixed: staged.server.entries[position])
    }
    try expectRefusal(staged, to: writer.bytes, saying: "leaves out the keys of member 2")
  }

  @Test func aKeyOfSmallOrder() throws {
    let staged = try Staged()
    let identities = staged.identities
    let session = staged.session
    let weak = try roster(staged, changing: 2) {
      $0.channelKey = [UInt8](repeating: 0, count: 32)
      $0.signature = identities.tag(of: $0.statement(of: 2, in: session), by: 2)
    }
    try expectRefusal(staged, to: weak, saying: "member 2", "zero")
  }

  // MARK: Cohorts

  @Test func aShrunkRoster() throws {
    let staged = try Staged()
    var forged = staged.server
    forged.present = staged.positions([1, 2, 3])
    try expectRefusal(
      staged, to: forged.compose(for: 0), saying: "only 3 members", "4 of 5", "agreed")
  }

  @Test func aGroupBelowTheMinimum() throws {
    let staged = try Staged(minimum: 4)
    var forged = staged.server
    forged.present = staged.positions([1, 2, 3])
    try expectRefusal(
      staged, to: forged.compose(for: 0), saying: "a group of 4 is the smallest")
  }

  @Test func aShrunkDelivery() throws {
    let staged = try Staged()
    try staged.step()
    var forged = staged.server
    forged.transcript?.sharing = staged.positions([1, 2, 3])
    try expectRefusal(staged, to: forged.compose(for: 0), saying: "only 3 members", "shared")
  }

  @Test func aShrunkListOfSurvivors() throws {
    let staged = try Staged()
    try staged.step()
    try staged.step()
    try expectRefusal(
      staged, to: try staged.survivorList([1, 2, 3], for: 1), saying: "only 3 members", "survive")
  }

  @Test func aMemberOutOfNowhere() throws {
    let staged = try Staged()
    try staged.step(without: [5])
    try staged.step()
    #expect(staged.server.phase == .confirming)
    try expectRefusal(
      staged, to: try staged.survivorList([1, 2, 3, 4, 5], for: 1),
      saying: "member 5", "survivors", "was not before")
  }

  @Test func theSiteItselfLeftOut() throws {
    let staged = try Staged()
    try staged.step()
    try staged.step()
    try expectRefusal(
      staged, to: try staged.survivorList([2, 3, 4, 5], for: 1), saying: "leaves this site out")
  }

  /// In a sparse graph a coordinator could declare just the neighbours of its victim dropped out.
  @Test func aVictimCutOffFromItsNeighbours() throws {
    let members = Array(0..<36)
    let staged = try Staged(members: members, adversary: 0.1, dropout: 0.1)
    let parameters = staged.session.parameters
    #expect(!parameters.isComplete)
    try staged.step()
    try staged.step()
    let victim = 7
    let cut = staged.server.adjacency[victim].dropLast(parameters.threshold - 1)
    let survivors = members.filter { !cut.contains($0) }
    #expect(survivors.count >= parameters.minimumSurvivors)
    let witness = try #require(survivors.first { $0 != victim })
    try expectRefusal(
      staged, of: witness, to: try staged.survivorList(survivors, for: witness),
      saying: "neighbours of member", "below the threshold")
  }

  // MARK: Lies about who dropped out

  @Test func differentListsForDifferentMembersAreNotConfirmed() throws {
    let staged = try Staged()
    try staged.step()
    try staged.step()
    // 1, 2 and 3 hear that all survive; 4 and 5 hear that 3 did not.
    var signatures: [Int: [UInt8]] = [:]
    for member in [1, 2, 3, 4, 5] {
      let list = member <= 3 ? [1, 2, 3, 4, 5] : [1, 2, 4, 5]
      let answer = try #require(
        try staged.site(member).receive(staged.survivorList(list, for: member)))
      signatures[member] = Array(answer.dropFirst(Self.header + 4))
    }
    func confirmations(_ signed: [Int], for member: Int) -> [UInt8] {
      var writer = MessageKind.confirmations.begin(staged.session)
      writer.append(fixed: staged.positions(signed).bytes)
      for other in signed where other != member {
        writer.append(counted: signatures[other] ?? [])
      }
      return writer.bytes
    }
    try expectRefusal(
      staged, of: 1, to: confirmations([1, 2, 3], for: 1), saying: "3 members signed", "4 must")
    try expectRefusal(
      staged, of: 2, to: confirmations([1, 2, 3, 4], for: 2), saying: "member 4", "does not hold")
    try expectRefusal(
      staged, of: 4, to: confirmations([1, 2, 4, 5], for: 4), saying: "member 1", "does not hold")
    // A stranger to the list does not count, whatever it signed.
    try expectRefusal(
      staged, of: 5, to: confirmations([1, 2, 3, 4, 5], for: 5), saying: "member 3",
      "was not before")
  }

  @Test func bothSharesOfAPeer() throws {
    let staged = try Staged()
    try staged.step()
    try staged.step()
    _ = try staged.site(1).receive(staged.survivorList([1, 2, 3, 4, 5], for: 1))
    try expectRefusal(
      staged, to: try staged.survivorList([1, 2, 3, 4], for: 1), saying: "both shares of member 5")
  }

  @Test func bothSharesOfAPeerAfterTheEnd() throws {
    let staged = try Staged()
    for _ in 0..<2 { try staged.step() }
    let lie = try staged.survivorList([1, 2, 3, 4], for: 1)
    for _ in 0..<2 { try staged.step() }
    #expect(staged.server.result?.sum == [15, 15])
    #expect(try staged.site(1).phase == .finished)
    try expectRefusal(staged, to: lie, saying: "both shares of member 5")
  }

  /// A member that is told of fewer peers masks with fewer; nobody then gives away its self mask.
  @Test func aMemberToldOfFewerPeers() throws {
    let staged = try Staged()
    try staged.step()
    var forged = staged.server
    forged.transcript?.sharing = staged.positions([1, 2, 3, 4])
    let answer = try #require(try staged.site(1).receive(forged.compose(for: 0)))
    // An honest coordinator would notice.
    var honest = staged.server
    #expect(throws: ZorBAError.self) { try honest.receive(answer, from: 1) }
    #expect(honest.faults.map(\.member) == [1])
    // This one does not want to.
    for member in 2...5 {
      let input = try #require(try staged.site(member).receive(try staged.message(member)))
      try staged.server.receive(input, from: member)
    }
    staged.server.inputSignatures[0] = Array(answer[(Self.header + 4)..<(Self.header + 36)])
    try expectRefusal(
      staged, of: 2, to: try staged.survivorList([1, 2, 3, 4, 5], for: 2),
      saying: "member 1", "masked vector", "does not hold")
  }

  @Test func forgedSignaturesUnderTheSurvivors() throws {
    let staged = try Staged()
    for _ in 0..<3 { try staged.step() }
    var message = try staged.message(1)
    message[message.count - 1] ^= 1
    try expectRefusal(staged, to: message, saying: "under the survivors", "does not hold")
  }
}
