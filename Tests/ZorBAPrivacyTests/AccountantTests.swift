import Foundation
import Testing
import ZorBAPrivacy

@Suite struct AccountantTests {
  @Test(arguments: [
    (1.0, 1.0, 1, 4.7285, 4.3772), (0.01, 1.0, 1000, 2.1014, 1.8282),
    (1.0, 5.0, 100, 10.7255, 9.9973),
  ])
  func figuresOfTheDesign(
    _ q: Double, _ sigma: Double, _ count: Int, _ renyi: Double, _ loss: Double
  ) {
    let events = PrivacyEvent.uses(q, sigma, count)
    #expect(abs(RenyiAccountant.epsilon(of: events, delta: 1e-5) - renyi) < 1e-4)
    let bounds = PrivacyLossAccountant().epsilon(of: events, delta: 1e-5)
    #expect(abs(bounds.upper - loss) < 1e-3, "\(bounds)")
    #expect(bounds.lower <= loss + 1e-4 && bounds.lower > loss * 0.97, "\(bounds)")
  }

  @Test(arguments: try ReferenceFigures.load())
  func agreesWithAnotherLibrary(_ row: ReferenceFigures.Row) throws {
    let renyi = RenyiAccountant.epsilon(of: row.events, delta: row.delta)
    #expect(renyi <= 1.01 * row.rdp, "\(row): \(renyi)")
    // Beyond, the library leaves out orders whose series it gives up.
    if row.rdp < 40 { #expect(renyi >= 0.99 * row.rdp, "\(row): \(renyi)") }
    func accountant(_ adjacency: Adjacency) -> PrivacyLossAccountant {
      PrivacyLossAccountant(
        adjacency: adjacency, resolution: .init(excess: 4e-6, mostPoints: 1 << 18))
    }
    if let reference = row.add_remove {
      let bounds = accountant(.addRemove).epsilon(of: row.events, delta: row.delta)
      #expect(renyi >= bounds.lower, "\(row): \(renyi)")
      #expect(bounds.lower <= reference + 1e-3, "\(row): \(bounds)")
      #expect(bounds.upper >= reference - 2e-3 * (1 + reference), "\(row): \(bounds)")
      #expect(bounds.upper <= reference * 1.01 + 2e-3, "\(row): \(bounds)")
      #expect(bounds.lower >= reference * 0.9 - 0.01, "\(row): \(bounds)")
    }
    if let reference = row.replace {
      let bounds = accountant(.replace)
        .epsilon(of: row.events, delta: row.delta)
      // The library takes for the worst case what is one case here.
      #expect(bounds.lower <= reference + 1e-3, "\(row): \(bounds)")
      #expect(bounds.upper >= reference - 2e-3 * (1 + reference), "\(row): \(bounds)")
      let renyi = RenyiAccountant.epsilon(
        of: row.events, adjacency: .replace, delta: row.delta)
      #expect(renyi >= bounds.lower, "\(row): \(renyi)")
    }
  }

  /// delta(epsilon) of one Gaussian is known in closed form (Balle and Wang 2018, theorem 8).
  @Test(arguments: [0.5, 1.0, 3.0, 20.0], [1, 16, 400])
  func boundsHoldTheExactFigure(_ sigma: Double, _ count: Int) {
    let mu = Double(count).squareRoot() / sigma
    guard mu < 12 else { return }
    func normal(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
    for epsilon in [0.1, 1.0, 4.0] {
      let exact =
        normal(mu / 2 - epsilon / mu) - exp(epsilon) * normal(-mu / 2 - epsilon / mu)
      let bounds = PrivacyLossAccountant()
        .delta(of: PrivacyEvent.uses(1, sigma, count), epsilon: epsilon)
      #expect(bounds.lower <= exact * (1 + 1e-9) + 1e-12, "\(bounds), \(exact)")
      #expect(bounds.upper >= exact * (1 - 1e-9), "\(bounds), \(exact)")
      #expect(bounds.upper <= exact * 1.001 + 1e-9, "\(bounds), \(exact)")
    }
  }

  /// Replacing under full batches is a Gaussian of sensitivity 2.
  @Test func replacementDoublesSensitivity() {
    let replaced = PrivacyLossAccountant(adjacency: .replace)
      .epsilon(of: PrivacyEvent.uses(1, 4, 10), delta: 1e-6)
    let halved = PrivacyLossAccountant()
      .epsilon(of: PrivacyEvent.uses(1, 2, 10), delta: 1e-6)
    #expect(abs(replaced.upper - halved.upper) < 2e-3)
    #expect(replaced.lower <= halved.upper && replaced.lower > 0.97 * halved.upper)
  }

  @Test func mechanismsComposeTogether() {
    let accountant = PrivacyLossAccountant()
    let first = PrivacyEvent.uses(0.02, 1.1, 300)
    let second = PrivacyEvent.uses(0.1, 2, 40)
    let both = accountant.epsilon(of: first + second, delta: 1e-5)
    let one = accountant.upperEpsilon(of: first, delta: 1e-5)
    let other = accountant.upperEpsilon(of: second, delta: 1e-5)
    #expect(both.upper > max(one, other) && both.upper < one + other)
    // The order does not matter, and splitting a count neither.
    let split = [PrivacyEvent.uses(0.02, 1.1, 100), second, PrivacyEvent.uses(0.02, 1.1, 200)]
    let again = accountant.upperEpsilon(of: split.flatMap(\.self), delta: 1e-5)
    #expect(abs(again - both.upper) < 1e-6 * both.upper)
    #expect(RenyiAccountant.epsilon(of: first + second, delta: 1e-5) > both.lower)
  }

  @Test func figuresMoveTheRightWay() {
    let accountant = PrivacyLossAccountant(resolution: .coarse)
    func epsilon(_ q: Double, _ sigma: Double, _ count: Int, _ delta: Double) -> Double {
      accountant.upperEpsilon(of: PrivacyEvent.uses(q, sigma, count), delta: delta)
    }
    let base = epsilon(0.05, 1, 200, 1e-5)
    #expect(epsilon(0.05, 1.2, 200, 1e-5) < base)
    #expect(epsilon(0.06, 1, 200, 1e-5) > base)
    #expect(epsilon(0.05, 1, 240, 1e-5) > base)
    #expect(epsilon(0.05, 1, 200, 1e-6) > base)
    #expect(epsilon(0.05, 1, 0, 1e-5) == 0)
    // Coarse figures are bounds too.
    let fine = PrivacyLossAccountant()
      .epsilon(of: PrivacyEvent.uses(0.05, 1, 200), delta: 1e-5)
    #expect(base >= fine.lower && base < fine.upper * 1.01)
  }

  /// One direction of a minibatch is no mechanism of its own: claiming P of them is far too little.
  @Test func directionsOfOneBatchAreOneVector() {
    let whole = PrivacyLossAccountant()
      .epsilon(of: PrivacyEvent.uses(1, 1.4, 1), delta: 1e-5)
    #expect(whole.lower > 2.9)
  }

  @Test(arguments: [0.5, 3.0, 8.0], [0.01, 0.2, 1.0])
  func calibrationIsTight(_ epsilon: Double, _ rate: Double) throws {
    let sigma = try NoiseCalibration(
      epsilon: epsilon, delta: 1e-5, count: 200, samplingRate: rate
    ).noiseMultiplier()
    let accountant = PrivacyLossAccountant(resolution: .coarse)
    func reached(_ sigma: Double) -> Double {
      accountant.upperEpsilon(of: PrivacyEvent.uses(rate, sigma, 200), delta: 1e-5)
    }
    #expect(reached(sigma) <= epsilon)
    #expect(reached(sigma * 0.995) > epsilon)
  }

  @Test func impossiblePromisesAreRefused() {
    for bad in [
      NoiseCalibration(epsilon: 0, delta: 1e-5, count: 1, samplingRate: 1),
      NoiseCalibration(epsilon: .nan, delta: 1e-5, count: 1, samplingRate: 1),
      NoiseCalibration(epsilon: 1, delta: 0, count: 1, samplingRate: 1),
      NoiseCalibration(epsilon: 1, delta: 1e-5, count: 0, samplingRate: 1),
      NoiseCalibration(epsilon: 1, delta: 1e-5, count: 1, samplingRate: 1.5),
      NoiseCalibration(epsilon: 1e-9, delta: 1e-12, count: 1 << 60, samplingRate: 1),
    ] {
      #expect(throws: (any Error).self) { try bad.noiseMultiplier() }
    }
    #expect(SubsampledGaussian(samplingRate: 0, noiseMultiplier: 1) == nil)
    #expect(SubsampledGaussian(samplingRate: 1, noiseMultiplier: .infinity) == nil)
  }
}
