import ZorBAPlanning
import ZorBATestSupport

/// A federation trained for many rounds under a cycle of assignments.
struct Descent {
  /// In which order the matrices of a cycle come.
  enum Order: CaseIterable {
    /// A_1 … A_R and again, as runs do.
    case cyclic
    /// Each window draws one.
    case random
  }

  let round: ZerothOrderRound
  let learningRate: Double
  /// [cycle][clients][blocks]
  let cycle: [[[Bool]]]
  /// Rounds that a matrix stays.
  var window = 1
  var order = Order.cyclic

  /// Mean energy of the gradient, |grad_b F|^2, over the rounds after the first `skipped`. [blocks]
  func energy(
    from point: [Double], labels: [Int], rounds: Int, skipping skipped: Int, seed: UInt64
  ) -> [Double] {
    let federation = round.federation
    var energy = federation.sizes.map { _ in 0.0 }
    run(from: point, labels: labels, rounds: rounds, seed: seed) { time, point in
      guard time >= skipped else { return }
      let gradient = federation.gradient(at: point, labels: labels)
      for block in energy.indices {
        energy[block] += federation.range(block).reduce(0) { $0 + gradient[$1] * gradient[$1] }
      }
    }
    return energy.map { $0 / Double(rounds - skipped) }
  }

  /// Trains and shows every round's weights before it is made.
  ///
  /// - Returns: the weights after the last round. [parameters]
  @discardableResult
  func run(
    from point: [Double], labels: [Int], rounds: Int, seed: UInt64,
    _ observe: (Int, [Double]) -> Void = { _, _ in }
  ) -> [Double] {
    var random = SeededGenerator(seed: seed)
    var point = point
    var current = 0
    for time in 0..<rounds {
      observe(time, point)
      if time % window == 0 {
        current =
          order == .cyclic
          ? time / window % cycle.count : Int.random(in: 0..<cycle.count, using: &random)
      }
      let estimate = round.estimate(
        at: point, rows: cycle[current], labels: labels, using: &random)
      for index in point.indices { point[index] -= learningRate * estimate[index] }
    }
    return point
  }
}
