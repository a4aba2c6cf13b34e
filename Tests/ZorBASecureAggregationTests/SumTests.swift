import Testing
import ZorBADiagnostics
import ZorBASecureAggregation
import ZorBATestSupport

/// The sum is the plain sum of the survivors' vectors, exactly, whatever happens on the way.
@Suite struct SumTests {
  private func vectors(
    _ members: [Int], words: Int, _ generator: inout SeededGenerator
  ) -> [Int: [UInt64]] {
    Dictionary(
      uniqueKeysWithValues: members.map { member in
        (member, (0..<words).map { _ in generator.next() })
      })
  }

  private func plainSum(_ vectors: [Int: [UInt64]], of members: [Int], words: Int) -> [UInt64] {
    members.reduce(into: [UInt64](repeating: 0, count: words)) { sum, member in
      for (index, word) in (vectors[member] ?? []).enumerated() { sum[index] &+= word }
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func randomCohortsWithRandomDropoutsAddUpExactly(part: UInt64) throws {
    var generator = SeededGenerator(seed: part)
    var finished = 0
    var failed = 0
    for seed in part * 250..<(part + 1) * 250 {
      let count = [3, 3, 4, 4, 5].randomElement(using: &generator) ?? 3
      let words = Int.random(in: 1...5, using: &generator)
      let members = Array(Array(0..<40).shuffled(using: &generator).prefix(count)).sorted()
      let cohort = try Cohort(members: members, words: words, seed: seed)
      for member in members where Double.random(in: 0..<1, using: &generator) < 0.12 {
        cohort.lives[member] = Cohort.Life.allCases.randomElement(using: &generator)
      }
      let vectors = vectors(members, words: words, &generator)
      let result = cohort.run(vectors)
      let masked = members.filter { (cohort.lives[$0] ?? .lives).rawValue >= 3 }
      let confirming = members.filter { (cohort.lives[$0] ?? .lives).rawValue >= 4 }
      let living = members.filter { (cohort.lives[$0] ?? .lives) == .lives }
      let parameters = cohort.session.parameters
      if let result {
        finished += 1
        #expect(result.survivors == masked)
        #expect(result.sum == plainSum(vectors, of: masked, words: words))
        #expect(cohort.server.faults.isEmpty)
      } else {
        failed += 1
        // It fails only where the parameters say that it must.
        #expect(
          confirming.count < parameters.minimumSurvivors
            || living.count < parameters.threshold + 1)
        #expect(cohort.server.failure?.advice != nil)
      }
    }
    #expect(finished > 100)
    #expect(failed > 20)
  }

  @Test func everyMemberCanDieInEveryPhase() throws {
    let members = [2, 3, 5, 7, 11]
    for life in Cohort.Life.allCases {
      for dead in members {
        let cohort = try Cohort(members: members, words: 3, seed: UInt64(dead))
        var generator = SeededGenerator(seed: 5)
        cohort.lives[dead] = life
        let vectors = vectors(members, words: 3, &generator)
        let result = try #require(cohort.run(vectors))
        let isIn = life.rawValue >= Cohort.Life.diesAfterMasking.rawValue
        #expect(result.survivors == members.filter { $0 != dead || isIn })
        #expect(result.sum == plainSum(vectors, of: result.survivors, words: 3))
      }
    }
  }

  /// Above the size of a complete graph; and a coordinator that loses patience now and then.
  @Test(arguments: [UInt64(1), 2])
  func sparseGraphsAddUpUnderAnySchedule(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let members = Array(100..<136)
    let cohort = try Cohort(
      members: members, words: 4, seed: seed, adversary: 0.1, dropout: 0.1)
    #expect(!cohort.session.parameters.isComplete)
    let doomed = members.shuffled(using: &generator).prefix(cohort.session.parameters.dropouts)
    for member in doomed {
      cohort.lives[member] = Cohort.Life.allCases.randomElement(using: &generator)
    }
    let vectors = vectors(members, words: 4, &generator)
    let result = try #require(cohort.run(vectors))
    #expect(result.sum == plainSum(vectors, of: result.survivors, words: 4))
  }

  @Test func impatienceCostsMembersButNeverTheSum() throws {
    var generator = SeededGenerator(seed: 9)
    var finished = 0
    for seed in 0..<60 as Range<UInt64> {
      let members = Array(0..<5)
      let cohort = try Cohort(members: members, words: 2, seed: seed)
      let vectors = vectors(members, words: 2, &generator)
      guard let result = cohort.run(vectors, impatience: 0.02) else { continue }
      finished += 1
      #expect(result.survivors.count >= cohort.session.parameters.minimumSurvivors)
      #expect(result.sum == plainSum(vectors, of: result.survivors, words: 2))
    }
    #expect(finished > 10)
  }

  @Test func aSessionInOneProcessCountsItsBytes() throws {
    let members = [4, 5, 6]
    let session = try SecureSession(
      federation: "f", run: "r", header: [], round: 0, attempt: 0, members: members,
      vectorLength: 3,
      parameters: .choose(members: 3, adversaryShare: 0.33, dropoutShare: 0.2, minimum: 3))
    var exchange = InProcessExchange(
      session: session, identities: InProcessIdentities(members: members))
    let result = try exchange.run(vectors: [4: [1, 2, 3], 5: [10, 20, 30], 6: [5, 5, .max]])
    #expect(result.sum == [16, 27, 32])
    #expect(result.survivors == members)
    // The formula of docs/secure-aggregation.md, with 64-byte signatures and no certificates.
    let (k, words) = (2, 3)
    let keys = 36 + 96 + 4 + 64 + 4
    let up = keys + (36 + 80 * k) + (36 + 68 + 8 * words) + (36 + 68) + (36 + 33 * k)
    let roster = 36 + 1 + 33 + k * (1 + 96 + 4 + 64 + 4)
    let down = roster + (36 + 1 + 80 * k) + (36 + 1 + 68 * k) + (36 + 1 + 68 * k)
    #expect(exchange.cost.bytesUp == 3 * up)
    #expect(exchange.cost.bytesDown == 3 * down)
  }
}
