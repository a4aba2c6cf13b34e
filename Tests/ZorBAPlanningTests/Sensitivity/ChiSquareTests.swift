import Testing

@testable import ZorBAPlanning

@Suite struct ChiSquareTests {
  /// Printed tables.
  @Test(arguments: [
    (1.0, 0.025, 0.000982069), (1, 0.975, 5.023886), (2, 0.025, 0.050636), (2, 0.975, 7.377759),
    (10, 0.025, 3.246973), (10, 0.975, 20.483177), (50, 0.025, 32.357364), (50, 0.975, 71.420195),
    (100, 0.5, 99.334129),
  ])
  func quantilesAreThoseOfTheTables(degrees: Double, probability: Double, value: Double) {
    let quantile = ChiSquare(degrees: degrees).quantile(probability)
    #expect(abs(quantile - value) < 6e-7 * max(1, value))
  }

  /// With two degrees the distribution is exponential.
  @Test func twoDegreesAreExponential() {
    for x in stride(from: 0.01, to: 40, by: 0.37) {
      #expect(abs(ChiSquare(degrees: 2).cumulative(x) - (1 - exponential(-x / 2))) < 1e-13)
    }
  }

  @Test func quantilesInvertProbabilities() {
    for degrees in [0.5, 1.3, 7.7, 60, 900, 20_000] {
      let distribution = ChiSquare(degrees: degrees)
      for probability in [0.001, 0.025, 0.5, 0.975, 0.999] {
        let back = distribution.cumulative(distribution.quantile(probability))
        #expect(abs(back - probability) < 1e-9, "\(degrees) \(probability)")
      }
    }
  }
}
