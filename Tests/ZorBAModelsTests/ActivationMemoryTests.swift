import Testing
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// Predicted activation memory: exact by construction, and of the size the algorithm promises.
@Suite struct ActivationMemoryTests {
  private func plan(_ directions: Int, _ active: Set<Int>) -> PerturbationPlan {
    PerturbationPlan(
      directions: (0..<directions).map { Direction(seed: UInt64($0), distribution: .popcount) },
      scale: 1e-3, active: active)
  }

  /// A pass traps if it outgrows its measurement, so scoring at all proves the upper bound.
  @Test(arguments: GoldenCase.all)
  func everyPassFitsItsMeasurement(_ golden: GoldenCase) throws {
    let model = try golden.model(Computes.one())
    var random = SeededGenerator(seed: 40)
    for _ in 0..<12 {
      let sequences = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        [Int32](repeating: 3, count: Int.random(in: 1...40, using: &random))
      }
      var request = ScoringRequest.languageModelling(sequences)
      request.queries.append(.init(sequence: 0, position: 0, targets: [1], normalised: false))
      let blocks = golden.configuration.blockCount
      let active = Set((0..<blocks).filter { _ in Bool.random(using: &random) })
      let plan = plan(Int.random(in: 1...3, using: &random), active)
      let bytes = try model.activationBytes(for: request, plan: plan)
      _ = try model.score(request, plan: plan)
      // The estimate from sizes alone covers every batch of that size.
      let tokens = sequences.reduce(0) { $0 + $1.count }
      let estimate = try model.activationBytes(tokens: tokens, branches: plan.branchCount)
      #expect(bytes <= estimate + 64 * 1024)
      let hidden = golden.configuration.hiddenSize
      #expect(bytes >= tokens * hidden * 4 * (active.isEmpty ? 1 : plan.branchCount))
    }
  }

  @Test func memoryGrowsWithTokensAndBranchesAndNotWithTheVocabulary() throws {
    let compute = try ComputeContext(threads: 1)
    let small = try RandomModel.llama(vocabulary: 300, seed: 1, compute: compute)
    let large = try RandomModel.llama(vocabulary: 9000, seed: 1, compute: compute)
    func bytes(_ model: Model, _ tokens: Int, _ branches: Int) throws -> Double {
      Double(try model.activationBytes(tokens: tokens, branches: branches))
    }
    // Above the fixed tile, memory is proportional to rows.
    let rows = try bytes(small, 8000, 2) / bytes(small, 4000, 2)
    #expect(rows > 1.5 && rows < 2.05)
    let branches = try bytes(small, 4000, 4) / bytes(small, 4000, 2)
    // A block computes one direction after the other; states and the head's sums are kept for all.
    #expect(branches > 1.1 && branches < 1.5, "\(branches)")
    // A stored [tokens, vocabulary] would be thirty times larger.
    #expect(try bytes(large, 4000, 2) < 2.5 * bytes(small, 4000, 2))
    let perToken = try bytes(small, 8000, 2) / 8000
    // Hidden, input, gate and up of both branches, and the partial sums of the head.
    #expect(perToken < Double(2 * (2 * 24 + 2 * 40 + 64) * 4))
    #expect(try small.activationBytes(tokens: 0, branches: 2) == 0)
  }
}
