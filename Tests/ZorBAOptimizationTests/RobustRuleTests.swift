import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAOptimization
import ZorBATestSupport

/// What a median, a trimmed mean and a norm-clipped mean promise.
@Suite struct RobustRuleTests {
  private func numbers(_ value: JSONValue) throws -> [Double] {
    try #require(value.array).map { try #require($0.double) }
  }

  @Test func referencesAreMet() throws {
    let goldens = try Goldens.load("robust")
    let samples = try #require(try goldens.required("samples").array)
    #expect(samples.count == 120)
    for sample in samples {
      let weights = try numbers(sample.required("weights"))
      let values = try numbers(sample.required("values"))
      let found = WeightedSample(Array(zip(weights, values)))
      let median = try #require(try sample.required("median").double)
      #expect(found.median == median)
      for member in try #require(try sample.required("trimmed").object).members {
        let share = try #require(Double(member.key))
        let expected = try #require(member.value.double)
        #expect(abs(found.trimmedMean(share: share) - expected) < 1e-12)
      }
    }
    for entry in try #require(try goldens.required("clipped").array) {
      let weights = try numbers(entry.required("weights"))
      let scalars = try #require(try entry.required("scalars").array).map(numbers)
      let bound = try #require(try entry.required("bound").double)
      let expected = try numbers(entry.required("mean"))
      var aggregation = Aggregation(
        round: 1, seeding: .shared, learningRate: 3, directions: 3)
      aggregation.rule = .normClipped(bound: bound)
      let committed = try aggregation.commit(
        zip(weights, scalars).enumerated().map { index, row in
          ClientResult(client: UInt32(index + 1), weight: row.0, blocks: [1], scalars: row.1)
        })
      guard case .shared(let blocks) = committed.coefficients else {
        Issue.record("a shared round is expected")
        return
      }
      for (value, mean) in zip(blocks[0].values, expected) {
        #expect(abs(Double(value) + mean) < 1e-6 * max(1, abs(mean)))
      }
    }
  }

  /// Answers of a round: honest ones, then false ones of less weight than the rule withstands.
  private struct Round {
    var results: [ClientResult]
    var honest: Set<UInt32>
    var blocks: Set<Int>

    init(_ generator: inout SeededGenerator, falseShare: Double, minimum: Int) {
      let count = Int.random(in: minimum...12, using: &generator)
      let blocks = (0..<3).filter { $0 == 1 || Bool.random(using: &generator) }
      results = (1...count).map { client in
        ClientResult(
          client: UInt32(client), weight: Double.random(in: 0.5...2, using: &generator),
          blocks: blocks, scalars: (0..<2).map { _ in Double.random(in: -1...1, using: &generator) }
        )
      }
      self.blocks = Set(blocks)
      honest = Set(results.map(\.client))
      let total = results.reduce(0) { $0 + $1.weight }
      var left = falseShare * total
      let lies: [Double] = [1e30, -1e30, 1e9, -7, 0, 0.3]
      for index in results.indices.shuffled(using: &generator)
      where results[index].weight < left {
        left -= results[index].weight
        honest.remove(results[index].client)
        results[index].scalars = results[index].scalars.map { _ in
          lies.randomElement(using: &generator) ?? 0
        }
      }
    }

    func range(_ index: Int) -> ClosedRange<Double> {
      let values = results.filter { honest.contains($0.client) }.map { $0.scalars[index] }
      return (values.min() ?? 0)...(values.max() ?? 0)
    }
  }

  /// However far false answers lie, every coefficient lies between honest ones.
  @Test(arguments: [
    AggregationRule.median, .trimmedMean(share: 0.2), .trimmedMean(share: 0.34),
    .trimmedMean(share: 0.1),
  ])
  func coefficientsLieBetweenHonestOnes(_ rule: AggregationRule) throws {
    var generator = SeededGenerator(seed: 11)
    let share =
      switch rule {
      case .trimmedMean(let share): share
      default: 0.4999
      }
    var attacked = 0
    for _ in 0..<2000 {
      let round = Round(&generator, falseShare: share, minimum: rule.minimumAnswers)
      attacked += round.results.count - round.honest.count
      var aggregation = Aggregation(
        round: 1, seeding: .shared, learningRate: 2, directions: 2)
      aggregation.rule = rule
      let committed = try aggregation.commit(round.results.shuffled(using: &generator))
      guard case .shared(let blocks) = committed.coefficients else {
        Issue.record("a shared round is expected")
        return
      }
      #expect(Set(blocks.map(\.block)) == round.blocks)
      for block in blocks {
        for (index, value) in block.values.enumerated() {
          // kappa = -(2 / 2) C, rounded to binary32.
          let range = round.range(index)
          #expect(
            range.lowerBound - 1e-7 <= -Double(value) && -Double(value) <= range.upperBound + 1e-7)
        }
      }
    }
    #expect(attacked > 500)
  }

  /// The mean has no such bound: the same answers take it anywhere.
  @Test func oneAnswerMovesAMean() throws {
    var results = (1...8).map {
      ClientResult(client: UInt32($0), weight: 1, blocks: [1], scalars: [0.5])
    }
    results[3].scalars = [-1e6]
    let committed = try Aggregation(round: 1, seeding: .shared, learningRate: 1, directions: 1)
      .commit(results)
    guard case .shared(let blocks) = committed.coefficients else { return }
    #expect(blocks[0].values[0] > 1e5)
  }

  /// An answer moves a norm-clipped mean by no more than its share of the bound, twice.
  @Test func clippedAnswersMoveLittle() throws {
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<500 {
      var round = Round(&generator, falseShare: 0, minimum: 2)
      var aggregation = Aggregation(round: 1, seeding: .shared, learningRate: 2, directions: 2)
      aggregation.rule = .normClipped(bound: 0.7)
      func values() throws -> [Double] {
        guard case .shared(let blocks) = try aggregation.commit(round.results).coefficients else {
          return []
        }
        return blocks[0].values.map(Double.init)
      }
      let before = try values()
      let weight = round.results[0].weight / round.results.reduce(0) { $0 + $1.weight }
      round.results[0].scalars = [1e12, -1e20]
      let after = try values()
      let moved = zip(before, after).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      #expect(moved <= 2 * weight * 0.7 + 1e-6)
    }
  }

  @Test func tooFewAnswersLeaveABlockAlone() throws {
    for rule in [AggregationRule.median, .trimmedMean(share: 0.25), .trimmedMean(share: 0.2)] {
      let needed = rule.minimumAnswers
      for count in 1...needed {
        let answers = Array(repeating: (weight: 1.0, scalars: [3.0]), count: count)
        #expect(rule.coefficients(answers, width: 1) == [count == needed ? 3 : 0])
      }
    }
    #expect(AggregationRule.trimmedMean(share: 0.2).minimumAnswers == 5)
    #expect(AggregationRule.trimmedMean(share: 0.25).minimumAnswers == 4)
    #expect(AggregationRule.trimmedMean(share: 0.49).minimumAnswers == 3)
  }

  /// Order of arrival and of equal values changes no bit.
  @Test func orderChangesNothing() throws {
    var generator = SeededGenerator(seed: 13)
    for trial in 0..<300 {
      let results = (1...9).map { client in
        ClientResult(
          client: UInt32(client), weight: Double(Int.random(in: 1...3, using: &generator)),
          blocks: [0, 2], scalars: [Double(Int.random(in: -2...2, using: &generator)), -0.0])
      }
      var aggregation = Aggregation(
        round: 1, seeding: .shared, learningRate: 0.1, directions: 2)
      aggregation.rule = [.median, .trimmedMean(share: 0.2), .normClipped(bound: 1)][trial % 3]
      let expected = try aggregation.commit(results)
      #expect(try aggregation.commit(results.shuffled(using: &generator)) == expected)
    }
  }

  @Test func directionsOfTheirOwnHaveNoMedian() {
    var aggregation = Aggregation(
      round: 1, seeding: .perClient, learningRate: 0.1, directions: 1)
    aggregation.rule = .median
    let results = (1...3).map {
      ClientResult(client: UInt32($0), weight: 1, blocks: [1], scalars: [1])
    }
    let error = #expect(throws: ZorBAError.self) { try aggregation.commit(results) }
    #expect(error?.code == .invalidConfiguration)
  }

  /// The bound follows the usual norm, one wild round does not carry it away, and what it was shown
  /// decides it.
  @Test func theBoundFollowsTheUsualNorm() {
    var bound = NormBound()
    #expect(bound.bound(for: [1, 2, 1e9]) == 6)
    #expect(bound.bound(for: []) == .infinity)
    for _ in 0..<40 { bound.learn([1, 2, 3]) }
    #expect(bound.bound(for: [500, 600, 700]) == 6)
    bound.learn([1e6, 1e6, 1e6])
    #expect(bound.bound(for: [2, 2, 2]) == 6)
    for _ in 0..<NormBound.window { bound.learn([10, 20, 30]) }
    #expect(bound.bound(for: [20]) == 60)
    var again = NormBound()
    for _ in 0..<NormBound.window - 1 { again.learn([10, 20, 30]) }
    #expect(again == bound)
  }

  @Test func lossesWeighBoundedly() {
    let weighting = LossWeighting(exponent: 2)
    let factors = weighting.factors([1, 2, 2, .nan, 1e9, 0])
    // Against the median 2: a half, the same, the same, unknown counts as the same, four times at most.
    #expect(factors[0] / factors[1] == 0.25 && factors[3] == factors[1])
    #expect(factors[4] / factors[1] == 16 && factors[5] > 0)
    #expect(factors.allSatisfy { $0 <= 1 })
    #expect(LossWeighting(exponent: 1).factors([0, 0, 0]) == [1, 1, 1])
    #expect(LossWeighting(exponent: 1).factors([.nan]) == [0.25])
  }
}
