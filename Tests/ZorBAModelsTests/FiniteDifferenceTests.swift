import Testing
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// What training uses is a difference of two nearly equal losses: its rounding against binary64.
@Suite struct FiniteDifferenceTests {
  private static let active: [Set<Int>] = [[0], [1, 2], [0, 1, 2]]

  @Test(arguments: active, Computes.all)
  func scalarsAgreeWithBinary64(_ active: Set<Int>, _ setting: Computes.Setting) throws {
    let model = try RandomModel.llama(vocabulary: 80, seed: 31, compute: setting.compute)
    var random = SeededGenerator(seed: 77)
    let sequences = [12, 5, 9, 16].map { count in
      (0..<count).map { _ in Int32.random(in: 0..<80, using: &random) }
    }
    let mu: Float = 1e-3
    for distribution in PerturbationDistribution.allCases {
      let direction = Direction(seed: random.next(), distribution: distribution)
      let plan = PerturbationPlan(directions: [direction], scale: mu, active: active)
      let result = try model.score(.languageModelling(sequences), plan: plan)
      let losses = (0..<2).map { branch in
        -result.scores(branch: branch).reduce(0, +) / Double(result.queryCount)
      }
      let references = try [Double(mu), -Double(mu)].map { scale in
        try ReferenceLlama(model, direction: direction, scale: scale, active: active)
          .loss(sequences)
      }
      for (found, expected) in zip(losses, references) { #expect(abs(found - expected) < 1e-5) }
      // Binary32 rounding of losses near 5 leaves about 1e-6 / 2 mu in the scalar.
      let difference = (losses[0] - losses[1]) - (references[0] - references[1])
      #expect(abs(difference) / (2 * Double(mu)) < 5e-3)
      // Per-example spread of the scalar over the batch: the noise that training lives with.
      #expect(abs(references[0] - references[1]) / (2 * Double(mu)) > 5e-2)
    }
  }
}
