import Testing
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// The estimator's expectation and variance on a quadratic, by Monte Carlo.
@Suite struct EstimatorTests {
  private static let width = 24

  /// With P directions, E[(1/P) sum c z] = g and the total variance is |g|^2 (d + kappa - 2) / P.
  ///
  /// 20000 samples of P = 2: each mean must lie within 5 of its standard errors (a chance of 6e-7
  /// each, and seeds are fixed), the variance within 4 % (its relative standard error is below 1 %).
  @Test(arguments: PerturbationDistribution.allCases)
  func meanIsTheGradientAndVarianceIsPredicted(
    _ distribution: PerturbationDistribution
  ) throws {
    var generator = SeededGenerator(seed: 31)
    let width = Self.width
    let problem = QuadraticProblem(
      curvature: (0..<width).map { _ in Double.random(in: 0.2...2, using: &generator) },
      minimum: (0..<width).map { _ in generator.normal() })
    let weights = (0..<width).map { _ in generator.normal() }
    let gradient = problem.gradient(weights)
    let energy = gradient.reduce(0) { $0 + $1 * $1 }
    let estimator = TwoSidedEstimator(perturbationScale: 1e-2)
    let schedule = DirectionSchedule(
      runKey: RunKey(seed: 8), seeding: .shared, distribution: distribution)
    let (samples, directions) = (20_000, 2)

    var sum = [Double](repeating: 0, count: width)
    var squares = sum
    for sample in 1...samples {
      var estimate = [Double](repeating: 0, count: width)
      for direction in schedule.directions(
        round: UInt64(sample), step: 0, count: directions, client: 0)
      {
        let z = try directionValues(direction, blockCount: 1, width: width)
        let c = problem.scalar(at: weights, along: z, by: estimator)
        for index in z.indices { estimate[index] += c * z[index] / Double(directions) }
      }
      for index in estimate.indices {
        sum[index] += estimate[index]
        squares[index] += (estimate[index] - gradient[index]) * (estimate[index] - gradient[index])
      }
    }
    let variances = squares.map { $0 / Double(samples) }
    for index in sum.indices {
      let error = abs(sum[index] / Double(samples) - gradient[index])
      #expect(error < 5 * (variances[index] / Double(samples)).squareRoot())
    }
    let expected =
      energy * (Double(width) + kurtosis(distribution) - 2) / Double(directions)
    let found = variances.reduce(0, +)
    #expect(abs(found / expected - 1) < 0.04, "variance \(found), predicted \(expected)")
  }

  /// On f = |w|^2 / 2 the expected |w|^2 shrinks, every round, by
  ///
  ///     r = 1 - 2 eta + eta^2 (1 + (d + kappa - 2) / P)
  ///
  /// because w' = w - eta g with E[g] = w and E|g|^2 = |w|^2 (1 + (d + kappa - 2) / P). Real rounds
  /// of the real update, 300 runs of 12 rounds; the mean must agree within 5 standard errors.
  @Test(arguments: PerturbationDistribution.allCases)
  func descentOnAQuadraticHasThePredictedRate(
    _ distribution: PerturbationDistribution
  ) throws {
    let (width, directions, rounds, runs) = (Self.width, 4, 12, 300)
    let learningRate = 0.1
    let rate =
      1 - 2 * learningRate + learningRate * learningRate
      * (1 + (Double(width) + kurtosis(distribution) - 2) / Double(directions))
    let problem = QuadraticProblem(
      curvature: [Double](repeating: 1, count: width),
      minimum: [Double](repeating: 0, count: width))
    let estimator = TwoSidedEstimator(perturbationScale: 1e-3)
    let parameters = try TestModel.parameters([[(.float32, [width])]])
    let tensor = parameters.blocks[0][0].tensor
    let context = try ComputeContext(threads: 1)

    var ratios: [Double] = []
    for run in 0..<runs {
      TestModel.store([Float](repeating: 1, count: width), in: tensor)
      let schedule = DirectionSchedule(
        runKey: RunKey(seed: UInt64(run)), seeding: .shared, distribution: distribution)
      let updater = WeightUpdater(
        parameters: parameters, schedule: schedule, context: context)
      for round in 1...rounds {
        let weights = TestModel.floats(tensor).map { Double($0) }
        let scalars = try schedule.directions(
          round: UInt64(round), step: 0, count: directions, client: 0
        ).map {
          problem.scalar(
            at: weights, along: try directionValues($0, blockCount: 1, width: width),
            by: estimator)
        }
        let commit = try Aggregation(
          round: UInt64(round), seeding: .shared, learningRate: learningRate,
          directions: directions
        ).commit([ClientResult(client: 1, weight: 1, blocks: [0], scalars: scalars)])
        try updater.apply(commit)
      }
      let energy = TestModel.floats(tensor).reduce(0.0) { $0 + Double($1) * Double($1) }
      ratios.append(energy / Double(width))
    }
    let mean = ratios.reduce(0, +) / Double(runs)
    let spread = ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(runs - 1)
    var expected = 1.0
    for _ in 0..<rounds { expected *= rate }
    let standardError = (spread / Double(runs)).squareRoot()
    #expect(standardError < 0.1 * expected)
    #expect(abs(mean - expected) < 5 * standardError, "mean \(mean), predicted \(expected)")
  }

  @Test func scalarIsTheCentralDifference() {
    let estimator = TwoSidedEstimator(perturbationScale: 0.5)
    #expect(estimator.scalar(.init(plus: 3, minus: 1)) == 2)
    #expect(estimator.scalar(.init(plus: .nan, minus: 1)).isNaN)
  }
}
