import CZorBAKernels
import Testing
import ZorBAOptimization
import ZorBATensor

/// f(w) = 1/2 sum_i curvature_i (w_i - minimum_i)^2 in binary64, over the blocks of a test model.
///
/// Central differences of a quadratic are exact, so an estimate's only error is its direction.
struct QuadraticProblem {
  var curvature: [Double]
  var minimum: [Double]

  func loss(_ weights: [Double]) -> Double {
    weights.indices.reduce(0) {
      let distance = weights[$1] - minimum[$1]
      return $0 + curvature[$1] * distance * distance / 2
    }
  }

  func gradient(_ weights: [Double]) -> [Double] {
    weights.indices.map { curvature[$0] * (weights[$0] - minimum[$0]) }
  }

  /// c along a masked direction.
  func scalar(at weights: [Double], along z: [Double], by estimator: TwoSidedEstimator) -> Double {
    let mu = estimator.perturbationScale
    return estimator.scalar(
      .init(
        plus: loss(zip(weights, z).map { $0 + mu * $1 }),
        minus: loss(zip(weights, z).map { $0 - mu * $1 })))
  }
}

/// A direction in `blockCount` blocks of one tensor of `width` elements each. [blocks * width]
func directionValues(_ direction: Direction, blockCount: Int, width: Int) throws -> [Double] {
  let kernels = try #require(InstructionSet.scalar.kernels)
  return (0..<blockCount).flatMap { block in
    var z = [Float](repeating: 0, count: width)
    var restricted = direction.restricted(to: TensorID(block: block, role: 0))
    kernels.pointee.perturbation(&restricted, 0, 0, width, &z)
    return z.map { Double($0) }
  }
}

/// E z^4 of a distribution (algorithm, section 3).
func kurtosis(_ distribution: PerturbationDistribution) -> Double {
  switch distribution {
  case .rademacher: 1
  case .popcount: 2.918709
  case .gaussian: 3
  }
}
