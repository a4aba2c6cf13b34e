import Testing
import ZorBACheckpoint
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

  /// With bfloat16 products the error of a scalar stays five times below its standard error over
  /// minibatches, so that training notices the choice of the batch and not the arithmetic.
  @Test(arguments: PerturbationDistribution.allCases, Computes.bfloat16)
  func scalarsInBFloat16AreBetterThanTheirMinibatch(
    _ distribution: PerturbationDistribution, _ setting: Computes.Setting
  ) throws {
    // Weights up to 0.1, as trained models have them.
    let configuration = try RandomModel.llama(vocabulary: 80, hidden: 48)
    let weights = try WorkingCopy(
      of: RandomModel.source(configuration, seed: 31, spread: 0.7), dtype: .bfloat16)
    let model = try Model(configuration: configuration, source: weights, compute: setting.compute)
    var random = SeededGenerator(seed: 78)
    let sequences = (0..<12).map { _ in
      (0..<16).map { _ in Int32.random(in: 0..<80, using: &random) }
    }
    let mu: Float = 1e-3
    var squaredError = 0.0
    var squaredStandardError = 0.0
    for _ in 0..<10 {
      let direction = Direction(seed: random.next(), distribution: distribution)
      let plan = PerturbationPlan(directions: [direction], scale: mu, active: [0, 1, 2])
      let result = try model.score(.languageModelling(sequences), plan: plan)
      let losses = (0..<2).map { branch in
        -result.scores(branch: branch).reduce(0, +) / Double(result.queryCount)
      }
      let references = try [Double(mu), -Double(mu)].map { scale in
        let reference = try ReferenceLlama(
          model, direction: direction, scale: scale, active: [0, 1, 2])
        return sequences.map { reference.loss([$0]) }
      }
      let scalars = zip(references[0], references[1]).map { ($0 - $1) / (2 * Double(mu)) }
      let mean = scalars.reduce(0, +) / Double(scalars.count)
      let error = (losses[0] - losses[1]) / (2 * Double(mu)) - mean
      let spread = scalars.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      squaredError += error * error
      squaredStandardError += spread / Double((scalars.count - 1) * scalars.count)
    }
    let ratio = (squaredError / squaredStandardError).squareRoot()
    #expect(ratio <= 0.2, "error / standard error = \(ratio)")
  }
}
