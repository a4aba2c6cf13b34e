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
  @Test func otherSumsOfARound() throws {
    let members = Array(0..<10)
    let memories = Dictionary(uniqueKeysWithValues: members.map { ($0, VolatileSessionMemory()) })
    func attempt(
      _ attempt: Int, round: Int = 4, of group: [Int]? = nil, without absent: Set<Int>
    ) throws -> SecureAggregationResult? {
      let staged = try Staged(
        members: group ?? members, dropout: 0.3, round: round, attempt: attempt,
        memories: memories)
      for _ in 0..<2 { try staged.step(without: absent) }
      for _ in 0..<2 { try staged.step() }
      return staged.server.result
    }
    func refusal(_ number: Int, round: Int = 4, of group: [Int]? = nil, without absent: Set<Int>)
      -> String?
    {
      do {
        _ = try attempt(number, round: round, of: group, without: absent)
        return nil
      } catch { return (error as? ZorBAError)?.message }
    }
    #expect(try attempt(0, without: [8, 9])?.survivors == Array(0..<8))
    // The same again tells nothing new.
    #expect(try attempt(1, of: Array(0..<8), without: [])?.survivors == Array(0..<8))
    // Neither fewer nor more, not even as many as a sum may be over; nor is a session masked that
    // could end so.
    let said = "signed another list of survivors of round 4"
    #expect(refusal(2, of: Array(0..<8), without: [7])?.contains(said) == true)
    #expect(refusal(3, without: [])?.contains(said) == true)
    #expect(refusal(4, of: Array(0..<5), without: [])?.contains(said) == true)
    #expect(refusal(5, of: Array(5..<10), without: [])?.contains(said) == true)
    // Another round is another vector, and the way back is closed.
    #expect(try attempt(6, round: 5, without: [7])?.survivors.count == 9)
    #expect(refusal(7, round: 4, of: Array(0..<8), without: []) != nil)
  }

  /// Sums over {0, 1, 2} and {3, 4, 5} and then all seven: every site sees classes of three or more, and
  /// the difference is the answer of the seventh.
  @Test func disjointSumsBeforeOneOfAll() throws {
    let memories = Dictionary(uniqueKeysWithValues: (0..<7).map { ($0, VolatileSessionMemory()) })
    func sum(of members: [Int], attempt: Int) throws -> SecureAggregationResult? {
      let staged = try Staged(members: members, attempt: attempt, memories: memories)
      for _ in 0..<4 { try staged.step() }
      return staged.server.result
    }
    #expect(try sum(of: [0, 1, 2], attempt: 0) != nil)
    #expect(try sum(of: [3, 4, 5], attempt: 0) != nil)
    let error = #expect(throws: ZorBAError.self) { try sum(of: Array(0..<7), attempt: 1) }
    #expect(error?.message.contains("signed another list") == true)
  }

  /// Whatever sums of one round a coordinator gets by asking random groups and losing random answers and
  /// confirmations, no combination of them is over fewer members than signed one of them.
  @Test(arguments: 0..<40)
  func noCombinationOfSumsSinglesAnyoneOut(seed: UInt64) throws {
    var random = SeededGenerator(seed: 900 + seed)
    let everybody = Array(0..<9)
    let memories = Dictionary(uniqueKeysWithValues: everybody.map { ($0, VolatileSessionMemory()) })
    var sums: [[Int]] = []
    for attempt in 0..<8 {
      // Several sessions may bear one number, each with other members.
      var left = everybody.shuffled(using: &random)
      while left.count >= 3 {
        let count = Int.random(in: 3...left.count, using: &random)
        let group = left.prefix(count).sorted()
        left.removeFirst(count)
        guard
          let staged = try? Staged(
            members: group, dropout: 0.3, attempt: attempt, memories: memories)
        else { continue }
        let absent = Set(group.filter { _ in Int.random(in: 0..<8, using: &random) == 0 })
        let silent = Set(group.filter { _ in Int.random(in: 0..<4, using: &random) == 0 })
        do {
          try staged.step()
          try staged.step(without: absent)
          try staged.step(without: silent)
          try staged.step()
        } catch { continue }
        guard let result = staged.server.result else { continue }
        sums.append(result.survivors)
      }
    }
    // All combinations with coefficients -1, 0 and 1.
    let distinct = Set(sums).sorted { $0.lexicographicallyPrecedes($1) }.prefix(7)
    var coefficients = [Int](repeating: -1, count: distinct.count)
    while true {
      let weights = everybody.map { member in
        zip(coefficients, distinct).reduce(0) { $0 + ($1.1.contains(member) ? $1.0 : 0) }
      }
      let support = weights.count { $0 != 0 }
      #expect(support == 0 || support >= 3, "\(distinct) x \(coefficients)")
      guard let place = coefficients.firstIndex(where: { $0 < 1 }) else { break }
      for before in 0..<place { coefficients[before] = -1 }
      coefficients[place] += 1
    }
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
