import Testing
import ZorBADiagnostics
import ZorBATestSupport

@testable import ZorBASecureAggregation

/// What was sent before, and sessions that come again.
extension MaliciousServerTests {
  @Test func replaysChangeNothing() throws {
    let staged = try Staged()
    var seen: [[UInt8]] = []
    for _ in 0..<4 {
      for message in seen {
        try expectRefusal(staged, to: message, saying: "again: a replay", ends: false)
      }
      seen.append(try staged.message(1))
      try staged.step()
    }
    for message in seen { try expectRefusal(staged, to: message, saying: "a replay", ends: false) }
    #expect(staged.server.result?.sum == [15, 15])
  }

  @Test func messagesOfAnotherAttempt() throws {
    let earlier = try Staged(attempt: 0)
    let staged = try Staged(attempt: 1)
    try expectRefusal(
      staged, to: try earlier.message(1), saying: "another session", "attempt 1", ends: false)
    for _ in 0..<4 { try staged.step() }
    #expect(staged.server.result != nil)
  }

  @Test func messagesOutOfTurn() throws {
    let whole = try Staged()
    var seen: [[UInt8]] = []
    for _ in 0..<4 {
      seen.append(try whole.message(1))
      try whole.step()
    }
    for late in seen.dropFirst() {
      let staged = try Staged()
      try expectRefusal(staged, to: late, saying: "out of turn")
    }
  }

  @Test func sessionsThatRepeatOrGoBack() throws {
    let memory = VolatileSessionMemory()
    func start(round: Int, attempt: Int, run: String = "r") throws {
      let session = try SecureSession(
        federation: "f", run: run, header: [], round: round, attempt: attempt,
        members: [1, 2, 3], vectorLength: 1,
        parameters: .choose(members: 3, adversaryShare: 0, dropoutShare: 0, minimum: 3))
      let identities = TestIdentities(seed: 1)
      let site = try SecureAggregationSite(
        session: session, member: 1, signer: TestSigner(identities, 1), verifier: identities,
        memory: memory, random: SeededGenerator(seed: 1))
      _ = try site.start()
    }
    func refusal(round: Int, attempt: Int) -> String? {
      do {
        try start(round: round, attempt: attempt)
        return nil
      } catch { return (error as? ZorBAError)?.message }
    }
    try start(round: 2, attempt: 1)
    #expect(refusal(round: 2, attempt: 1)?.contains("a second time") == true)
    #expect(refusal(round: 2, attempt: 0)?.contains("goes back") == true)
    #expect(refusal(round: 1, attempt: 7)?.contains("goes back") == true)
    try start(round: 2, attempt: 2)
    try start(round: 3, attempt: 0)
    try start(round: 0, attempt: 0, run: "another")
  }

  /// Two attempts at a round sum the same vectors; what is in one only would be told.
  @Test func differencesOfAttempts() throws {
    let members = Array(0..<10)
    let memories = Dictionary(uniqueKeysWithValues: members.map { ($0, VolatileSessionMemory()) })
    func attempt(
      _ attempt: Int, round: Int = 4, without absent: Set<Int>
    ) throws -> SecureAggregationResult? {
      let staged = try Staged(
        members: members, dropout: 0.3, round: round, attempt: attempt, memories: memories)
      for _ in 0..<2 { try staged.step(without: absent) }
      for _ in 0..<2 { try staged.step() }
      return staged.server.result
    }
    func refusal(_ number: Int, without absent: Set<Int>) -> String? {
      do {
        _ = try attempt(number, without: absent)
        return nil
      } catch { return (error as? ZorBAError)?.message }
    }
    #expect(try attempt(0, without: [])?.survivors.count == 10)
    // The same again tells nothing new; three fewer tell a sum of three, which is allowed.
    #expect(try attempt(1, without: []) != nil)
    #expect(refusal(2, without: [7])?.contains("a sum of 1 (members 7)") == true)
    #expect(refusal(3, without: [1, 2])?.contains("a sum of 2 (members 1, 2)") == true)
    #expect(try attempt(4, without: [1, 2, 3])?.survivors.count == 7)
    // With these three known apart, other three overlap them in fewer.
    #expect(refusal(5, without: [3, 4, 5])?.contains("a sum of") == true)
    #expect(try attempt(6, without: [4, 5, 6])?.survivors.count == 7)
    // Another round is another vector.
    #expect(try attempt(0, round: 5, without: [7])?.survivors.count == 9)
  }

  @Test func aMemberTwiceInTheGroup() throws {
    let error = #expect(throws: ZorBAError.self) {
      try SecureSession(
        federation: "f", run: "r", header: [], round: 0, attempt: 0, members: [1, 2, 2],
        vectorLength: 1,
        parameters: .choose(members: 3, adversaryShare: 0, dropoutShare: 0, minimum: 3))
    }
    #expect(error?.code == .refused)
    #expect(error?.message == "member 2 is in the group twice")
  }
}
