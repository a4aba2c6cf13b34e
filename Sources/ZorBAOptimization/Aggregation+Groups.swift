import ZorBADiagnostics

/// Commits made of sums over groups, as secure aggregation tells them.
extension Aggregation {
  /// The sum over clients that had the same blocks active.
  package struct Group: Hashable, Sendable {
    /// Counted from 1, ascending.
    package var clients: [UInt32]
    /// sum_k p_k up to a common factor, positive.
    package var weight: Double
    /// The blocks that were active, ascending.
    package var blocks: [Int]
    /// sum_k p_k c_k. [steps, directions]
    package var sums: [Double]

    package init(clients: [UInt32], weight: Double, blocks: [Int], sums: [Double]) {
      self.clients = clients
      self.weight = weight
      self.blocks = blocks
      self.sums = sums
    }
  }

  /// The committed round that these sums make: C_b = sum_g S_g / sum_g W_g over the groups that had
  /// block b active, summed in ascending order of first clients, in binary64.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when a sum is malformed or a client is in two; with
  ///   code `diverged` when a coefficient leaves the range of binary32.
  package func commit(groups: [Group]) throws -> CommittedRound {
    let groups = groups.sorted { $0.clients.first ?? 0 < $1.clients.first ?? 0 }
    // A sum over clients of one row is, to all checks, the answer of one client with their weight.
    let results = try groups.map { group in
      guard let first = group.clients.first else {
        throw ZorBAError(
          .invalidData, "round \(round): a sum over nobody", at: .init(field: "clients"))
      }
      return ClientResult(
        client: first, weight: group.weight, blocks: group.blocks, scalars: group.sums)
    }
    try validate(results)
    let participants = groups.flatMap(\.clients).sorted()
    guard zip(participants, participants.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw ZorBAError(
        .invalidData, "round \(round): a client is in two sums", at: .init(field: "clients"))
    }
    guard seeding == .shared else {
      throw ZorBAError(
        .invalidData, "round \(round): clients with directions of their own cannot be added up",
        at: .init(field: "clients"))
    }
    var sums: [Int: (scalars: [Double], weight: Double)] = [:]
    for result in results {
      for block in result.blocks {
        var sum = sums[block] ?? ([Double](repeating: 0, count: result.scalars.count), 0)
        for index in sum.scalars.indices { sum.scalars[index] += result.scalars[index] }
        sum.weight += result.weight
        sums[block] = sum
      }
    }
    let blocks = try sums.sorted { $0.key < $1.key }.map { block, sum in
      try rounded(block, sum.scalars.map { $0 / sum.weight })
    }
    return try CommittedRound(
      number: round, learningRate: learningRate, directions: directions, steps: steps,
      decay: Float(1 - learningRate * weightDecay), participants: participants,
      coefficients: .shared(blocks))
  }
}
