import Testing
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// What differential privacy's sensitivity rests on: an example's values have the same bits alone and
/// packed with any others.
@Suite struct BatchInvarianceTests {
  @Test(arguments: GoldenCase.all)
  func decodersScoreTextsAloneAsTogether(_ golden: GoldenCase) throws {
    let model = try golden.model(Computes.one())
    var random = SeededGenerator(seed: 71)
    for round in 0..<12 {
      let texts = try texts(of: model, count: Int.random(in: 2...7, using: &random), &random)
      // Every position's log-probability, an option's last logits, or both, as tasks ask for them.
      try check(model, texts, round: round, &random) { sequence, tokens in
        tokens.indices.dropLast().compactMap { position in
          guard round % 3 != 1 || position == tokens.count - 2 else { return nil }
          return .init(
            sequence: sequence, position: position, targets: [tokens[position + 1], 0],
            normalised: round % 3 == 0 || position % 2 == 0)
        }
      }
    }
  }

  @Test(arguments: EncoderCase.all)
  func encodersScoreTextsAloneAsTogether(_ encoder: EncoderCase) throws {
    let model = try encoder.model(Computes.one())
    var random = SeededGenerator(seed: 72)
    let places = min(model.configuration.hiddenSize, 2)
    for round in 0..<12 {
      let texts = try texts(of: model, count: Int.random(in: 2...7, using: &random), &random)
      let isPooled = !model.configuration.head.scoresTokens
      try check(model, texts, round: round, &random) { sequence, tokens in
        [
          .init(
            sequence: sequence, position: isPooled ? 0 : tokens.count - 1,
            targets: (0..<places).map(Int32.init), normalised: !isPooled && round % 2 == 0)
        ]
      }
    }
  }

  /// Without the promise, texts of a few tokens take another way; otherwise the tests above show nothing.
  @Test func withoutThePromiseTheLastDigitsDiffer() throws {
    guard try Computes.one().instructionSet != .scalar else { return }
    let configuration = try RandomModel.llama(vocabulary: 300, hidden: 96)
    let model = try Model(
      configuration: configuration, source: RandomModel.source(configuration, seed: 3),
      compute: Computes.one())
    let texts: [[Int32]] = [[5, 6, 7], Array(8..<40)]
    let together = try model.score(.languageModelling(texts))
    let alone = try model.score(.languageModelling([texts[0]]))
    #expect((0..<2).contains { together[0, $0].first != alone[0, $0].first })
  }

  private func texts(
    of model: Model, count: Int, _ random: inout SeededGenerator
  ) throws -> [[Int32]] {
    let vocabulary = Int32(model.configuration.vocabularySize)
    let longest = min(30, model.configuration.maximumPositions)
    return (0..<count).map { _ in
      // Texts of a few tokens are the interesting ones.
      let length =
        Bool.random(using: &random)
        ? Int.random(in: 2...5, using: &random) : Int.random(in: 2...longest, using: &random)
      return (0..<length).map { _ in Int32.random(in: 0..<vocabulary, using: &random) }
    }
  }

  private func check(
    _ model: Model, _ texts: [[Int32]], round: Int, _ random: inout SeededGenerator,
    queries: (Int, [Int32]) -> [ScoringRequest.Query]
  ) throws {
    let model = model.batchInvariant
    let blocks = model.configuration.blockCount
    let plan = PerturbationPlan(
      directions: (0..<Int.random(in: 1...3, using: &random)).map { _ in
        Direction(
          seed: random.next(),
          distribution: PerturbationDistribution.allCases[Int.random(in: 0...2, using: &random)])
      },
      scale: 0.01, active: Set((0..<blocks).filter { _ in Bool.random(using: &random) }))
    func scores(_ texts: [[Int32]]) throws -> ScoringResult {
      try model.score(
        ScoringRequest(
          sequences: texts, queries: texts.indices.flatMap { queries($0, texts[$0]) }),
        plan: plan)
    }
    let together = try scores(texts)
    var first = 0
    for (place, text) in texts.enumerated() {
      let alone = try scores([text])
      let count = queries(0, text).count
      for branch in 0..<together.branchCount {
        for query in 0..<count {
          #expect(
            Array(together[branch, first + query]) == Array(alone[branch, query]),
            "text \(place) of \(texts.map(\.count)), branch \(branch), query \(query)")
        }
      }
      first += count
    }
  }
}
