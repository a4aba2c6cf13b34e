import ZorBAOptimization

/// The mean losses of a minibatch on both sides of every direction, whole and by halves.
///
/// Halves are the examples at even and at odd places. They cost no forward pass: an example's loss
/// is known before it is averaged. What they tell apart is data noise and gradient (algorithm,
/// section 3).
struct MinibatchLosses: Sendable {
  /// [directions]
  let whole: [TwoSidedEstimator.Losses]
  /// [directions]; nil unless both halves have something to score.
  let halves: [(first: TwoSidedEstimator.Losses, second: TwoSidedEstimator.Losses)]?

  /// - Parameter outcomes: Branches 2p and 2p + 1 are the sides of direction p. [branches][examples]
  init(_ outcomes: [[ExampleScorer.Outcome]]) {
    let directions = 0..<outcomes.count / 2
    let means = outcomes.map { Self.mean($0[...], step: 1) }
    whole = directions.map { .init(plus: means[2 * $0], minus: means[2 * $0 + 1]) }
    let first = outcomes.map { Self.mean($0[...], step: 2) }
    let second = outcomes.map { Self.mean($0.dropFirst(), step: 2) }
    guard (first + second).allSatisfy(\.isFinite) else {
      halves = nil
      return
    }
    halves = directions.map {
      (
        .init(plus: first[2 * $0], minus: first[2 * $0 + 1]),
        .init(plus: second[2 * $0], minus: second[2 * $0 + 1])
      )
    }
  }

  /// Loss over weight of every `step`th example; not a number when there is nothing to score.
  private static func mean(_ outcomes: ArraySlice<ExampleScorer.Outcome>, step: Int) -> Double {
    var loss = 0.0
    var weight = 0.0
    for index in stride(from: outcomes.startIndex, to: outcomes.endIndex, by: step) {
      loss += outcomes[index].loss
      weight += outcomes[index].weight
    }
    return loss / weight
  }
}
