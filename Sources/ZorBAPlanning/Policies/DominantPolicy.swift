package import ZorBAFederation

/// Dominant blocks first: every client trains the blocks with the largest gradients that fit, for
/// good; a block that too few would train takes the place of the least dominant one that can be
/// spared.
///
/// A block's dominance is G_b + zeta_b^2, the mean energy of the sites' own gradients.
package enum DominantPolicy {
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the capacities cannot cover every
  ///   block.
  package static func plan(_ input: PolicyInput) throws -> ActivationPlan {
    guard let sensitivity = input.problem?.convergence.sensitivity else {
      preconditionFailure("the dominant policy needs the sensitivities of the blocks")
    }
    let dominance = zip(sensitivity.gradientEnergy, sensitivity.clientSpread).map { $0 + $1 }
    let order = dominance.indices.sorted { (-dominance[$0], $0) < (-dominance[$1], $1) }
    var builder = CoverBuilder(input)
    for client in input.capacities.indices { builder.fill(client, with: order) }
    builder.repair(dispensability: { -dominance[$0] })
    if !builder.short.isEmpty {
      builder = CoverBuilder.cover(input)
      guard builder.short.isEmpty else { throw input.uncovered(builder.short) }
      for client in input.capacities.indices { builder.fill(client, with: order) }
    }
    return ActivationPlan(fixed: try ActivationMatrix(rows: builder.rows, mayRest: true))
  }
}
