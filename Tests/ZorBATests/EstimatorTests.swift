import CZorBAKernels
import Testing
import ZorBACheckpoint
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// The finite differences of the real forward pass, held to exact gradients.
@Suite struct EstimatorTests {
  private let problem: GradientProblem

  init() throws { problem = try GradientProblem() }

  @Test(arguments: GradientProblem.Loss.allCases)
  func lossesAgreeWithTheReference(_ loss: GradientProblem.Loss) throws {
    #expect(abs(try problem.losses(loss)[0] - problem.referenceLoss(loss)) < 2e-6)
  }

  /// (f(w + mu z) - f(w - mu z)) / (2 mu) = g·z + O(mu²) + rounding noise, for every set of active
  /// blocks. The noise of a binary32 loss is a few units in its last place, divided by 2 mu.
  @Test(arguments: GradientProblem.Loss.allCases, PerturbationDistribution.allCases)
  func differencesAreSlopes(
    loss: GradientProblem.Loss, distribution: PerturbationDistribution
  ) throws {
    let gradient = try problem.gradient(loss)
    for active: Set<Int> in [[0, 1, 2], [1, 2], [1], [2]] {
      let directions = (0..<32).map { Direction(seed: 900 + $0, distribution: distribution) }
      let slopes = directions.map { gradient.dot(problem.perturbation($0, active)) }
      var errors: [Double] = []
      for scale: Float in [2e-3, 1e-2, 2e-2] {
        let scalars = try problem.scalars(loss, directions, scale: scale, active: active)
        let squares = zip(scalars, slopes).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        errors.append((squares / Double(directions.count)).squareRoot())
      }
      let value = try problem.referenceLoss(loss)
      let noise = 8 * value * 0x1p-24 / (2 * 2e-3)
      // A fifth of the distance, a twenty-fifth of the error; twice the distance, fourfold.
      #expect(errors[0] < noise + 1.5 / 25 * errors[1], "\(active): \(errors), noise \(noise)")
      #expect(errors[2] / errors[1] > 2.5 && errors[2] / errors[1] < 6, "\(active): \(errors)")
    }
  }

  /// How well P directions see a gradient in d dimensions.
  ///
  /// With |g| = 1 and e = mean of c_p z_p:  E e·g = 1,  E |e|² = (P + d + kappa - 2) / P, so the
  /// cosine is about sqrt(P / (P + d + kappa - 2)). For P below d both e·g and |e|² follow the mean of
  /// c², whose relative standard deviation is sqrt(2 / P) (c is close to normal); the cosine follows
  /// its square root: sqrt(1 / (2 P)) in one trial. The test allows four of those over its trials,
  /// and 1 / P for the curvature of the root.
  @Test(arguments: PerturbationDistribution.allCases)
  func theMeanEstimateTurnsTowardsTheGradient(_ distribution: PerturbationDistribution) throws {
    let kappa = [
      PerturbationDistribution.rademacher: 1, .popcount: 2.918709, .gaussian: 3,
    ][distribution, default: 0]
    let active: Set<Int> = [1, 2]
    let gradient = try problem.gradient(.lm)
    let norm = gradient.norm(active)
    let counts = [64, 256, 1024]
    let trials = 4
    var cosines = [Double](repeating: 0, count: counts.count)
    for trial in 0..<trials {
      let directions = (0..<1024).map {
        Direction(seed: UInt64(10_000 * (trial + 1) + $0), distribution: distribution)
      }
      let scalars = try problem.scalars(.lm, directions, scale: 2e-3, active: active)
      var mean = Vector(like: gradient)
      for (index, (direction, scalar)) in zip(directions, scalars).enumerated() {
        mean.add(scalar, problem.perturbation(direction, active))
        if let place = counts.firstIndex(of: index + 1) {
          cosines[place] += mean.dot(gradient) / (mean.norm(active) * norm) / Double(trials)
        }
      }
    }
    let dimensions = Double(problem.elementCount(active))
    for (count, cosine) in zip(counts.map(Double.init), cosines) {
      let predicted = (count / (count + dimensions + kappa - 2)).squareRoot()
      let tolerance = 4 / (2 * count * Double(trials)).squareRoot() + 1 / count
      #expect(
        abs(cosine / predicted - 1) < tolerance, "P = \(count): \(cosine), predicted \(predicted)")
    }
  }
}
