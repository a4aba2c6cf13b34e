import Testing
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The streamed head against logits that are stored whole.
@Suite struct VocabularyTests {
  /// Sizes around the edges of column groups and tiles.
  @Test(arguments: [1, 31, 33, 256, 257, 700, 16_640], Computes.all)
  func tilesCoverTheVocabularyOnce(_ vocabulary: Int, _ setting: Computes.Setting) throws {
    let model = try RandomModel.llama(
      vocabulary: vocabulary, seed: 21, compute: setting.compute)
    var random = SeededGenerator(seed: UInt64(vocabulary))
    let sequences = [1, 9, 4].map { count in
      (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
    }
    var request = ScoringRequest(sequences: sequences, queries: [])
    for (index, tokens) in sequences.enumerated() {
      for position in tokens.indices {
        let edges = [0, 31, 32, 255, 256, vocabulary - 1].filter { $0 < vocabulary }
        request.queries.append(
          .init(
            sequence: index, position: position, targets: edges.map(Int32.init),
            normalised: Bool.random(using: &random)))
      }
    }
    let result = try model.score(request)
    for (index, query) in request.queries.enumerated() {
      let logits = try model.logits(sequences[query.sequence]).floats()
      let row = logits[query.position * vocabulary..<(query.position + 1) * vocabulary]
        .map(Double.init)
      let maximum = row.max() ?? 0
      let total =
        query.normalised ? maximum + log(row.reduce(0) { $0 + exp($1 - maximum) }) : 0
      for (found, target) in zip(result[0, index], query.targets) {
        #expect(abs(found - (row[Int(target)] - total)) < 2e-5)
      }
    }
  }

  /// More rows than one tile holds, in one branch and in several.
  @Test(arguments: [[], [1], [0, 1]] as [Set<Int>])
  func rowsBeyondOneTileAreScoredAlike(_ active: Set<Int>) throws {
    let model = try RandomModel.llama(vocabulary: 300, seed: 4, compute: Computes.one())
    var random = SeededGenerator(seed: 8)
    let sequences = (0..<22).map { _ in
      (0..<Int.random(in: 90...128, using: &random)).map { _ in
        Int32.random(in: 0..<300, using: &random)
      }
    }
    let plan = PerturbationPlan(
      directions: (0..<2).map { Direction(seed: UInt64($0), distribution: .rademacher) },
      scale: 0.02, active: active)
    let together = try model.score(.languageModelling(sequences), plan: plan)
    #expect(together.queryCount > 2048)
    var start = 0
    for tokens in sequences {
      let alone = try model.score(.languageModelling([tokens]), plan: plan)
      for branch in 0..<4 {
        let part = together.scores(branch: branch).dropFirst(start).prefix(tokens.count - 1)
        let difference = zip(part, alone.scores(branch: branch)).reduce(0) {
          max($0, abs($1.0 - $1.1))
        }
        #expect(difference < 2e-5)
      }
      start += tokens.count - 1
    }
  }

  @Test func resultsKeepTheShapeOfTheRequest() throws {
    let model = try RandomModel.llama(vocabulary: 50, seed: 1, compute: Computes.one())
    let request = ScoringRequest(
      sequences: [[1, 2, 3]],
      queries: [
        .init(sequence: 0, position: 2, targets: [4, 4, 5], normalised: false),
        .init(sequence: 0, position: 0, targets: []),
        .init(sequence: 0, position: 2, targets: [5]),
      ])
    let result = try model.score(request)
    #expect((0..<3).map { result[0, $0].count } == [3, 0, 1])
    #expect(Array(result[0, 0])[0] == Array(result[0, 0])[1])
    let nothing = try model.score(ScoringRequest(sequences: [[1]], queries: []))
    #expect(nothing.queryCount == 0)
    let idle = PerturbationPlan(
      directions: [Direction(seed: 1, distribution: .gaussian)], scale: 1, active: [])
    let replicated = try model.score(request, plan: idle)
    #expect(replicated.branchCount == 2)
    #expect(Array(replicated.scores(branch: 1)) == result.values)
  }
}
