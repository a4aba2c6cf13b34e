import Testing
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// With shared directions, averaging trajectories block by block equals averaging scalars.
@Suite struct TrajectoryAveragingTests {
  /// Three clients with quadratics and active blocks of their own walk H = 4 steps in binary64. The
  /// q-weighted mean of their end points must be the commit's end point; only the binary32 rounding
  /// of H x P coefficients (2^-24 relative each) lies between.
  @Test(arguments: PerturbationDistribution.allCases)
  func averagedTrajectoriesEqualTheCommit(_ distribution: PerturbationDistribution) throws {
    var generator = SeededGenerator(seed: 41)
    let (blockCount, width, steps, directions) = (4, 20, 4, 2)
    let learningRate = 0.02
    let active = [[1, 2], [2, 3], [1, 2, 3]]
    let weights = [1.0, 2.5, 4.0]
    let problems = active.map { _ in
      QuadraticProblem(
        curvature: (0..<blockCount * width).map { _ in
          Double.random(in: 0.2...2, using: &generator)
        }, minimum: (0..<blockCount * width).map { _ in generator.normal() })
    }
    let start = (0..<blockCount * width).map { _ in generator.normal() }
    let estimator = TwoSidedEstimator(perturbationScale: 1e-2)
    let schedule = DirectionSchedule(
      runKey: RunKey(seed: 13), seeding: .shared, distribution: distribution)
    // [steps][directions][elements]
    let z = try (0..<steps).map { step in
      try schedule.directions(round: 1, step: step, count: directions, client: 0).map {
        try directionValues($0, blockCount: blockCount, width: width)
      }
    }

    var ends: [[Double]] = []
    var results: [ClientResult] = []
    for (index, problem) in problems.enumerated() {
      var w = start
      var scalars: [Double] = []
      for step in z {
        let masked = step.map { direction in
          direction.enumerated().map { active[index].contains($0 / width) ? $1 : 0 }
        }
        let c = masked.map { problem.scalar(at: w, along: $0, by: estimator) }
        for (value, direction) in zip(c, masked) {
          for element in w.indices {
            w[element] -= learningRate / Double(directions) * value * direction[element]
          }
        }
        scalars += c
      }
      ends.append(w)
      results.append(
        ClientResult(
          client: UInt32(index + 1), weight: weights[index], blocks: active[index],
          scalars: scalars))
    }

    let commit = try Aggregation(
      round: 1, seeding: .shared, learningRate: learningRate, directions: directions,
      steps: steps
    ).commit(results)
    guard case .shared(let blocks) = commit.coefficients else {
      Issue.record("a shared round is expected")
      return
    }
    #expect(blocks.map(\.block) == [1, 2, 3])
    for element in 0..<blockCount * width {
      let block = element / width
      let holders = active.indices.filter { active[$0].contains(block) }
      let total = holders.reduce(0) { $0 + weights[$1] }
      let averaged =
        holders.isEmpty
        ? start[element] : holders.reduce(0) { $0 + weights[$1] / total * ends[$1][element] }
      var committed = start[element]
      if let coefficients = blocks.first(where: { $0.block == block }) {
        for step in 0..<steps {
          for direction in 0..<directions {
            committed +=
              Double(coefficients.values[step * directions + direction])
              * z[step][direction][element]
          }
        }
      }
      #expect(abs(averaged - committed) < 1e-6)
    }
    #expect(ends[0] != ends[2])
  }
}
