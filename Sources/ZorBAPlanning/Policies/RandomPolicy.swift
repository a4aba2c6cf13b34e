package import ZorBAFederation

/// Blocks drawn at random, as many as each client can train, anew every window.
package enum RandomPolicy {
  /// Distinct matrices of a cycle; after that many windows it repeats.
  package static let longestCycle = 256

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the capacities cannot cover every
  ///   block.
  package static func plan(_ input: PolicyInput) throws -> ActivationPlan {
    let cover = CoverBuilder.cover(input)
    guard cover.short.isEmpty else { throw input.uncovered(cover.short) }
    let first = try matrix(input, cover: cover, index: 0)
    let windows = input.window == 0 ? 1 : max(0, input.rounds - 1) / input.window + 1
    // The pairs of a matrix, and a row a client that may list the outer block too.
    let pairs = first.coverage.reduce(input.clientCount, +)
    let length = min(longestCycle, windows, max(1, input.maximumPairs / max(1, pairs)))
    let rest = try (1..<max(1, length)).map { try matrix(input, cover: cover, index: UInt64($0)) }
    return ActivationPlan(cycle: [first] + rest, window: max(1, input.window))
  }

  private static func matrix(
    _ input: PolicyInput, cover: CoverBuilder, index: UInt64
  ) throws -> ActivationMatrix {
    var generator = input.generator(index)
    let counts = input.capacities.compactMap { capacity in
      if case .blocks(let count) = capacity { min(count, input.blocks) } else { Int?.none }
    }
    if counts.count == input.clientCount {
      return try ActivationMatrix.random(
        counts: counts, blocks: input.blocks, minimumClients: input.minimumClients,
        using: &generator)
    }
    var builder = CoverBuilder(input)
    for client in input.capacities.indices {
      builder.fill(client, with: ActivationMatrix.shuffled(input.blocks, using: &generator))
    }
    builder.repair(choose: { ActivationMatrix.index(below: $0, using: &generator) })
    if !builder.short.isEmpty {
      builder = cover
      for client in input.capacities.indices {
        builder.fill(client, with: ActivationMatrix.shuffled(input.blocks, using: &generator))
      }
    }
    return try ActivationMatrix(rows: builder.rows, mayRest: true)
  }
}
