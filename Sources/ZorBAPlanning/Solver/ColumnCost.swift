/// What a unit costs by itself, given only how many clients of every class have it.
///
/// Bias, its own variance and, for a unit of several blocks, the pairs inside it, all exact.
struct ColumnCost: Sendable {
  private let constants: AssignmentState.Constants
  private let blocks: [Int]

  init(_ space: SearchSpace, unit: Int) {
    constants = AssignmentState.Constants(space.model, biasWeight: space.biasWeight)
    blocks = space.units[unit]
  }

  /// The cost of training it nowhere.
  var restingCost: Double {
    blocks.reduce(0) { $0 + constants.biasWeight * constants.energy[$1] }
  }

  /// The cost of a column that holds somebody.
  func cost(_ counts: [Int], classes: [ClientClasses.Class]) -> Double {
    cost(zip(counts, classes).lazy.map { (count: Double($0), client: $1.members[0]) })
  }

  /// The cost of a column given as clients with multiplicities.
  func cost(_ members: some Sequence<(count: Double, client: Int)>) -> Double {
    let width = constants.energy.count
    var weight = 0.0
    var squares = 0.0
    var noise = Array(repeating: 0.0, count: blocks.count)
    var own = noise
    for (count, client) in members where count > 0 {
      let p = constants.weights[client]
      weight += count * p
      squares += count * p * p
      for (position, block) in blocks.enumerated() {
        noise[position] += count * p * p * constants.noise[client * width + block]
        own[position] += count * p * p * constants.sampleNoise[client * width + block]
      }
    }
    let reciprocal = 1 / (weight * weight)
    var pairs = 0.0
    for (position, block) in blocks.enumerated() {
      pairs += phi(block, weight, squares, noise[position])
    }
    var cost = 0.0
    for (position, block) in blocks.enumerated() {
      let disagreement = squares * (1 - 2 * weight) * reciprocal + constants.squaredWeights
      cost += constants.biasWeight * constants.spread[block] * max(0, disagreement)
      cost +=
        reciprocal
        * (constants.scale[block] * pairs
          + constants.kurtosis * phi(block, weight, squares, noise[position])
          + constants.ownScale * own[position])
    }
    return cost
  }

  private func phi(_ block: Int, _ s1: Double, _ s2: Double, _ s3: Double) -> Double {
    guard constants.isShared else { return s3 }
    return s1 * s1 * constants.quadratic[block] + constants.spread[block] * s2 * (1 - 2 * s1) + s3
  }
}
