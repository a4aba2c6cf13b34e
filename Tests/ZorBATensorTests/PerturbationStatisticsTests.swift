import CZorBAKernels
import Testing
import ZorBATensor

/// Moments, tails and independence of the perturbation values.
///
/// Bounds are five standard errors of the estimate, computed from the distribution's own moments;
/// the seeds are fixed, so a test that passes keeps passing.
@Suite struct PerturbationStatisticsTests {
  private static let count = 1 << 20
  private let kernels = KernelTable(InstructionSet.available.last ?? .scalar)

  private func values(
    _ distribution: PerturbationDistribution, seed: UInt64 = 1, tensor: UInt32 = 4097,
    row: UInt32 = 0, start: UInt32 = 0
  ) -> [Float] {
    kernels.perturbation(
      zk_direction(distribution, seed: seed, tensor: tensor), row: row, start: start,
      count: Self.count)
  }

  /// Expected fourth and eighth moments: the first for the kurtosis, the second for its error.
  static let moments: [(PerturbationDistribution, fourth: Double, eighth: Double)] = [
    (.rademacher, 1, 1), (.popcount, 2.918709, 93), (.gaussian, 3, 105),
  ]

  @Test(arguments: moments)
  func momentsAreThoseOfTheDistribution(
    _ distribution: PerturbationDistribution, fourth: Double, eighth: Double
  ) {
    let z = values(distribution).map(Double.init)
    let n = Double(z.count)
    let mean = z.reduce(0, +) / n
    let second = z.reduce(0) { $0 + $1 * $1 } / n
    let third = z.reduce(0) { $0 + $1 * $1 * $1 } / n
    let measured = z.reduce(0) { $0 + $1 * $1 * $1 * $1 } / n
    #expect(abs(mean) < 5 / n.squareRoot())
    #expect(abs(second - 1) < 5 * ((fourth - 1) / n).squareRoot() + 1e-7)
    #expect(abs(third) < 5 * (16 / n).squareRoot())
    #expect(abs(measured - fourth) < 5 * ((eighth - fourth * fourth) / n).squareRoot() + 1e-7)
  }

  /// The popcount distribution in closed form: 2^8 uniform steps inside 25 binomial ones.
  @Test func popcountMomentsAreExact() {
    let unit = Double(Float(bitPattern: 0x3A4F_9628))
    var weight = 1.0 / 16_777_216
    var second = 0.0, fourth = 0.0, largest = 0.0
    for bits in 0...24 {
      for low in 0...255 {
        let z = Double(512 * bits + 2 * low - 6399) * unit
        second += weight / 256 * z * z
        fourth += weight / 256 * z * z * z * z
        largest = max(largest, z)
      }
      weight *= Double(24 - bits) / Double(bits + 1)
    }
    #expect(abs(second - 1 - 3e-8) < 1e-8)
    #expect(abs(fourth / (second * second) - 2.918709) < 1e-6)
    #expect(abs(largest - 5.07) < 5e-3)
    let z = values(.popcount)
    #expect(z.allSatisfy { abs(Double($0)) < largest + 1e-6 })
    // Every value is an odd multiple of the unit.
    #expect(z.allSatisfy { Int((Double($0) / unit).rounded()) & 1 != 0 })
  }

  @Test func gaussianTailsAreNormal() {
    let z = values(.gaussian)
    // P(|z| > t) for t = 1 ... 4.
    for (t, probability) in zip(
      1...4, [0.317_310_5, 0.045_500_26, 0.002_699_796, 6.334_248e-5])
    {
      let expected = probability * Double(z.count)
      let found = Double(z.count { $0.magnitude > Float(t) })
      #expect(abs(found - expected) < 5 * expected.squareRoot())
    }
  }

  /// What differs in any one coordinate of the counter or key is uncorrelated, and so are neighbours.
  @Test(arguments: PerturbationDistribution.allCases)
  func differentPlacesAreUncorrelated(_ distribution: PerturbationDistribution) {
    let z = values(distribution)
    let others: [(String, [Float])] = [
      ("row", values(distribution, row: 1)),
      ("tensor", values(distribution, tensor: 4098)),
      ("block", values(distribution, tensor: 8193)),
      ("seed", values(distribution, seed: 2)),
      ("high seed bit", values(distribution, seed: 1 | 1 << 63)),
      ("next", values(distribution, start: 1)),
      ("pair", values(distribution, start: 2)),
      ("half group", values(distribution, start: 16)),
      ("group", values(distribution, start: 32)),
      ("span", values(distribution, start: 1024)),
    ]
    let bound = 5 / Double(z.count).squareRoot()
    for (name, other) in others {
      let dot = zip(z, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / Double(z.count)
      #expect(abs(dot) < bound, "\(name)")
      let squares =
        zip(z, other).reduce(0.0) {
          $0 + (Double($1.0 * $1.0) - 1) * (Double($1.1 * $1.1) - 1)
        } / Double(z.count)
      #expect(abs(squares) < 2 * bound, "squares, \(name)")
    }
  }
}
