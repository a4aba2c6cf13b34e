import Testing
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@testable import ZorBA

/// What a round may touch: the weights, once, by its commit, and nothing by anything else.
@Suite struct RoundTests {
  struct Refusal: Error {}

  private func digest(_ run: PreparedRun) -> StateDigest {
    StateDigest(of: run.loaded.model.parameters, context: run.context)
  }

  @Test(arguments: [DType.float32, .bfloat16])
  func evaluationChangesNoWeight(_ dtype: DType) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = dtype
    let run = try TinyRun(checkpoint).prepared(threads: 2)
    let rows = try #require(run.finalRows)
    let first = try run.evaluate(rows)
    #expect(try run.evaluate(rows) == first)
    #expect(digest(run) == run.base)
    let session = try run.session(lastCommitted: 0) { _ in }
    _ = try session.advance { _, _ in }
    let trained = digest(run)
    #expect(try run.evaluate(rows) != first)
    #expect(digest(run) == trained)
  }

  /// Also with local steps, which move the weights meanwhile.
  @Test(arguments: [1, 4], [DType.float32, .bfloat16])
  func aCommitThatIsThrownAwayLeavesNoTrace(steps: Int, dtype: DType) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = dtype
    let run = try TinyRun(checkpoint) {
      $0.method.localSteps = steps
      $0.method.directions = 2
      $0.blocks.outer = true
    }.prepared()
    let session = try run.session(lastCommitted: 0) { _ in }
    _ = try session.advance { _, _ in }
    let before = digest(run)
    var refused: [RoundMetrics] = []
    for _ in 0..<3 {
      #expect(throws: Refusal.self) {
        try session.advance { _, metrics in
          refused.append(metrics)
          throw Refusal()
        }
      }
      #expect(digest(run) == before)
      #expect(session.lastCommitted == 1)
    }
    let metrics = try session.advance { _, _ in }
    #expect(metrics.round == 2)
    #expect(refused.allSatisfy { $0.clients == metrics.clients && $0.loss == metrics.loss })
    #expect(metrics.clients.allSatisfy { $0.scalars.count == 2 * steps })
    #expect(digest(run) != before)
  }

  /// Later local steps see the weights that earlier ones moved.
  @Test func localStepsMoveTheWeightsInBetween() throws {
    func scalars(rate: Double) throws -> [Float] {
      let run = try TinyRun {
        $0.method.localSteps = 3
        $0.method.learningRate = rate
      }.prepared()
      let session = try run.session(lastCommitted: 0) { _ in }
      return try session.advance { _, _ in }.clients[0].scalars
    }
    let still = try scalars(rate: 1e-30)
    let moving = try scalars(rate: 0.05)
    #expect(still[0] == moving[0])
    #expect(still[1] != moving[1] && still[2] != moving[2])
  }
}
