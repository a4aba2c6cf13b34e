import Foundation
import Testing
import ZorBAPrivacy
import ZorBATestSupport

@Suite struct MechanismTests {
  private static func release(_ clip: Double, _ sigma: Double, _ divisor: Double) throws
    -> GaussianRelease
  {
    GaussianRelease(clip: clip, grid: try NoiseGrid(deviation: clip * sigma), divisor: divisor)
  }

  /// The proof's first step, on vectors of every kind: no clipped vector is longer than C.
  @Test func noVectorIsLongerThanTheClip() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<4000 {
      let clip = pow(10, Double.random(in: -6...6, using: &random))
      let release = try Self.release(clip, Double.random(in: 0.05...50, using: &random), 1)
      let scale = clip * pow(10, Double.random(in: -8...8, using: &random))
      let vector = (0..<Int.random(in: 1...40, using: &random)).map { _ in
        Double.random(in: -scale...scale, using: &random)
      }
      let steps = release.clipped(vector)
      let length = UInt128(Int64(scalbn(clip, release.grid.fractionBits)))
      let square = steps.reduce(UInt128(0)) {
        $0 + UInt128($1.magnitude) * UInt128($1.magnitude)
      }
      #expect(square <= length * length)
      // Toward zero, so never past the vector itself and never to the other side.
      for (step, entry) in zip(steps, vector) {
        #expect(abs(release.grid.value(step)) <= abs(entry) * (1 + 1e-12))
        #expect(step == 0 || (step > 0) == (entry > 0))
      }
    }
  }

  @Test func vectorsWithinTheClipStayAsTheyAre() throws {
    let release = try Self.release(10, 1, 1)
    let steps = release.clipped([3, -4, 0])
    #expect(steps.map(release.grid.value) == [3, -4, 0])
    let long = release.clipped([30, -40]).map(release.grid.value)
    #expect(abs(long[0] - 6) < 1e-5 && abs(long[1] + 8) < 1e-5)
  }

  @Test func whatIsNoNumberSaysNothing() throws {
    let release = try Self.release(1, 1, 1)
    #expect(release.clipped([.nan, 1]) == [0, 0])
    #expect(release.clipped([.infinity, 1]) == [0, 0])
    #expect(release.clipped([1e308, -1e308]).map(release.grid.value).allSatisfy { abs($0) <= 1 })
  }

  @Test func noiseIsThereWithoutExamplesAndOfItsSize() throws {
    var random = RepeatableGenerator(seed: 11)
    let release = try Self.release(2, 1.5, 8)
    let draws = 8000
    let values = (0..<draws).flatMap { _ in
      release.release([], dimension: 2, using: &random)
    }
    let count = Double(values.count)
    let expected = 2 * 1.5 / 8
    let square = values.reduce(0) { $0 + $1 * $1 } / count
    #expect(abs(values.reduce(0, +) / count) < 5 * expected / count.squareRoot())
    #expect(abs(square / (expected * expected) - 1) < 5 * (2 / count).squareRoot())
    #expect(Set(values).count > values.count / 2)
  }

  @Test func theMeanIsOverThePublicSize() throws {
    var random = RepeatableGenerator(seed: 12)
    let release = try Self.release(1, 0.05, 4)
    let sum = (0..<4000).map { _ in
      release.release([[1, 0], [1, 0], [0, -0.5]], dimension: 2, using: &random)
    }
    let mean = [0, 1].map { place in sum.reduce(0) { $0 + $1[place] } / 4000 }
    // Noise of 0.0125 each.
    #expect(abs(mean[0] - 0.5) < 0.001 && abs(mean[1] + 0.125) < 0.001)
  }

  /// Shares add up to the whole noise, and sums of them are exact in binary32.
  @Test func sharesAddUp() throws {
    var random = RepeatableGenerator(seed: 13)
    let (clip, sigma, sites) = (10.0, 1.2, 5)
    let share = clip * sigma / Double(sites).squareRoot()
    let grid = try NoiseGrid(deviation: share, exactUpTo: 16 * clip + 12 * clip * sigma)
    let release = GaussianRelease(clip: clip, grid: grid, divisor: 16)
    let draws = 6000
    var square = 0.0
    for _ in 0..<draws {
      var sum = 0.0
      for _ in 0..<sites {
        let value = release.release([[3.7]], dimension: 1, using: &random)[0]
        #expect(Double(Float(value)) == value)
        sum += value
      }
      let noise = sum * 16 - 5 * grid.value(grid.steps(3.7))
      square += noise * noise
    }
    let ratio = square / Double(draws) / (clip * clip * sigma * sigma)
    #expect(abs(ratio - 1) < 5 * (2 / Double(draws)).squareRoot(), "\(ratio)")
    #expect(grid.excessLoss(dimension: 4) < 1e-6)
  }

  /// The bound of the documentation, by numbers: a rounded continuous Gaussian over the grid's.
  @Test(arguments: [32.0, 200.0])
  func roundedNoiseIsWithinTheStatedFactor(_ s: Double) {
    let reach = Int(12 * s)
    let total = (-4 * reach...4 * reach).reduce(0) {
      $0 + exp(-Double($1) * Double($1) / (2 * s * s))
    }
    for x in stride(from: 0, through: reach, by: max(1, reach / 500)) {
      let (low, high) = ((Double(x) - 0.5) / s, (Double(x) + 0.5) / s)
      let rounded = (erfc(low / 2.0.squareRoot()) - erfc(high / 2.0.squareRoot())) / 2
      let grid = exp(-Double(x) * Double(x) / (2 * s * s)) / total
      let ratio = log(rounded / grid) * s * s
      #expect(ratio > -0.05 && ratio < 6.1, "\(x): \(ratio)")
    }
  }

  @Test func unusableNoiseIsRefused() {
    for deviation in [0, -1, .nan, .infinity, 1e-300, 1e300] {
      #expect(throws: (any Error).self) { try NoiseGrid(deviation: deviation) }
      #expect(throws: (any Error).self) { try NoiseGrid(deviation: deviation, exactUpTo: 1) }
    }
  }
}
