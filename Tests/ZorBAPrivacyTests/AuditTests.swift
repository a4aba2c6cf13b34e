import Foundation
import Testing
import ZorBAPrivacy
import ZorBATestSupport

@Suite struct AuditTests {
  /// Values of scipy.stats.beta.ppf.
  @Test(arguments: [
    (0, 100, 0.05, 0.0, 0.029513049607040), (5, 100, 0.025, 0.016431879182, 0.112834911105),
    (990, 1000, 0.01, 0.979957394099, 0.995859701935),
  ])
  func boundsOfAShare(
    _ hits: Int, _ trials: Int, _ error: Double, _ lower: Double, _ upper: Double
  ) {
    #expect(abs(ClopperPearson.lower(hits, of: trials, error: error) - lower) < 1e-9)
    #expect(abs(ClopperPearson.upper(hits, of: trials, error: error) - upper) < 1e-9)
  }

  /// Of the mechanism itself: a canary of the longest vector, present or not, one use after another.
  @Test(arguments: [(1.0, 1.0, 1), (1.0, 2.0, 4), (0.5, 0.8, 2)])
  func theMechanismLeaksLessThanItsBoundAndMoreThanNothing(
    _ q: Double, _ sigma: Double, _ count: Int
  ) throws {
    let delta = 1e-5
    let release = GaussianRelease(
      clip: 1, grid: try NoiseGrid(deviation: sigma), divisor: 1)
    var random = RepeatableGenerator(seed: UInt64(count) + 77)
    // The canary's direction is known to the attacker, who adds up what the releases say of it.
    func score(present: Bool) -> Double {
      (0..<count).reduce(0) { sum, _ in
        let isDrawn = present && Double.random(in: 0..<1, using: &random) < q
        let others = [[0.3, -0.2], [-0.1, 0.4]]
        let answer = release.release(
          others + (isDrawn ? [[1, 0]] : []), dimension: 2, using: &random)
        return sum + answer[0]
      }
    }
    let present = (0..<4000).map { _ in score(present: true) }
    let absent = (0..<4000).map { _ in score(present: false) }
    let audit = EmpiricalAudit(present: present, absent: absent, delta: delta, error: 0.001)
    let bound = PrivacyLossAccountant(resolution: .coarse)
      .upperEpsilon(of: PrivacyEvent.uses(q, sigma, count), delta: delta)
    #expect(audit.epsilon <= bound, "\(audit.epsilon) of \(bound)")
    #expect(audit.epsilon > 0.1 * bound, "\(audit.epsilon) of \(bound)")
    #expect(audit.accuracy > 0.5 && audit.accuracy < 0.95)
    print("audit q \(q) sigma \(sigma) uses \(count): \(audit.epsilon) <= \(bound)")
  }

  /// Noise that is too small, or clipping that is forgotten, does not pass the same audit.
  @Test func aBrokenMechanismIsCaught() throws {
    let (sigma, delta) = (1.0, 1e-5)
    let release = GaussianRelease(
      clip: 1, grid: try NoiseGrid(deviation: sigma / 8), divisor: 1)
    var random = RepeatableGenerator(seed: 5)
    func score(_ vectors: [[Double]]) -> Double {
      release.release(vectors, dimension: 1, using: &random)[0]
    }
    let present = (0..<4000).map { _ in score([[1]]) }
    let absent = (0..<4000).map { _ in score([]) }
    let audit = EmpiricalAudit(present: present, absent: absent, delta: delta, error: 0.001)
    let bound = PrivacyLossAccountant(resolution: .coarse)
      .upperEpsilon(of: PrivacyEvent.uses(1, sigma, 1), delta: delta)
    #expect(audit.epsilon > bound)
  }

  @Test func worldsThatAreAlikeTellNothing() {
    var random = SeededGenerator(seed: 21)
    let scores = (0..<8000).map { _ in Double.random(in: 0...1, using: &random) }
    let audit = EmpiricalAudit(
      present: Array(scores[..<4000]), absent: Array(scores[4000...]), delta: 1e-5, error: 0.01)
    #expect(audit.epsilon < 0.05)
    #expect(abs(audit.accuracy - 0.5) < 0.05)
    #expect(EmpiricalAudit(present: [], absent: [], delta: 1e-5).epsilon == 0)
  }
}
