import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAOptimization

/// Rounds of which the coordinator knows sums of groups alone.
extension RoundEngine {
  /// What sums came to.
  package struct GroupClosing: Sendable {
    /// The round to commit; nil when no sum can be used.
    package var committed: CommittedRound?
    /// The sums in it, ascending by first member.
    package var accepted: [GroupSum]
    /// What the guard saw of the sums it refused, ascending by first member.
    package var leftOut: [(group: GroupSum, seen: [Double])]
    /// Why, in words, one sentence for each.
    package var reasons: [String]
  }

  /// Judges sums of groups and makes a round of those that pass.
  ///
  /// With sums over the groups that had a block active, in ascending order of first members,
  ///
  ///     C_b = sum_g S_g / sum_g W_g
  ///
  /// in binary64: the same weighted mean as of single answers. The guard judges the mean of a group,
  /// which is what the coordinator knows; one client's absurd answer shows in it by its share.
  ///
  /// - Throws: `ZorBAError` with code `diverged` when the guard stops the run or a coefficient leaves
  ///   the range of binary32; with code `invalidData` when a sum is none of this round.
  package mutating func close(
    groups: [GroupSum], round: Int, plan: ActivationPlan
  ) throws -> GroupClosing {
    var divergence = divergence
    var closing = GroupClosing(committed: nil, accepted: [], leftOut: [], reasons: [])
    for group in groups.sorted(by: { $0.members.first ?? 0 < $1.members.first ?? 0 }) {
      if let fault = fault(of: group, round: round, plan: plan) {
        throw ZorBAError(
          .invalidData,
          "round \(round): the sum of clients \(group.members.map { $0 + 1 }) cannot be used: \(fault)"
        )
      }
      var seen: [Double] = []
      guard let reason = Self.judge(group, with: &divergence, seen: &seen) else {
        closing.accepted.append(group)
        continue
      }
      if divergence.policy == .stop {
        throw DivergenceGuard.error(
          round: UInt64(round), client: UInt32((group.members.first ?? 0) + 1),
          reason: "the mean over its group of \(group.members.count): \(reason)")
      }
      closing.leftOut.append((group, seen))
      let names = group.members.map { members[$0].name }.joined(separator: ", ")
      closing.reasons.append("round \(round): the group of \(names) is left out: \(reason)")
    }
    guard !closing.accepted.isEmpty else { return closing }
    closing.committed = try terms.aggregation(round: round).commit(
      groups: closing.accepted.map { group in
        Aggregation.Group(
          clients: group.members.map { UInt32($0 + 1) }, weight: group.weight,
          blocks: blocks(of: group.members[0], round: round, plan: plan), sums: group.scalars)
      })
    self.divergence = divergence
    return closing
  }

  private func fault(of group: GroupSum, round: Int, plan: ActivationPlan) -> String? {
    guard let first = group.members.first, first >= 0, first < plan.clientCount,
      members.count == plan.clientCount,
      zip(group.members, group.members.dropFirst()).allSatisfy({ $0 < $1 })
    else { return "its members are none of the run's" }
    let peers = plan.matrix(round: round).group(of: first)
    guard Set(group.members).isSubset(of: peers) else {
      return "its members do not train the same blocks"
    }
    let expected = terms.method.localSteps * terms.method.directions
    guard group.scalars.count == expected else {
      return "it has \(group.scalars.count) scalars, not \(expected)"
    }
    guard group.weight > 0, group.weight.isFinite else { return "its weight is \(group.weight)" }
    return nil
  }

  private static func judge(
    _ group: GroupSum, with divergence: inout DivergenceGuard, seen: inout [Double]
  ) -> String? {
    for mean in group.means {
      let verdict = divergence.judge(scalar: mean)
      if mean.isFinite { seen.append(mean) }
      if case .reject(let reason) = verdict { return reason }
    }
    return nil
  }

  /// The line that a committed round leaves in `metrics.jsonl`; nil when nothing was committed.
  ///
  /// Of single clients it says that they took part, and nothing of what they answered.
  ///
  /// - Parameters:
  ///   - byteCounts: What the protocol moved, up and down; the floor that a transport is held to.
  package func metrics(
    of closing: GroupClosing, plan: ActivationPlan, byteCounts: (up: Int, down: Int),
    seconds: Double, peakMemoryBytes: Int
  ) -> RoundMetrics? {
    guard let committed = closing.committed else { return nil }
    let round = Int(clamping: committed.number)
    let matrix = plan.matrix(round: round)
    let weight = closing.accepted.reduce(0) { $0 + $1.weight }
    var metrics = RoundMetrics(
      round: round, seconds: seconds,
      loss: closing.accepted.reduce(0) { $0 + $1.loss } / weight,
      clients: closing.accepted.flatMap { group in
        group.members.map { client in
          RoundMetrics.Client(
            name: members[client].name, loss: group.meanLoss, scalars: [], examples: 0,
            activeBlocks: matrix.activeBlocks(of: client).count,
            passes: 2 * terms.method.localSteps * terms.method.directions)
        }
      }.sorted { number(of: $0.name) < number(of: $1.name) },
      coveredBlocks: committed.coveredBlocks.count, bytesUp: byteCounts.up,
      bytesDown: byteCounts.down + members.count * WirePayload.bytes(of: committed),
      peakMemoryBytes: peakMemoryBytes)
    let accepted = closing.accepted.map { ($0, $0.means, true) }
    let refused = closing.leftOut.map { ($0.group, $0.seen, false) }
    metrics.groups = (accepted + refused)
      .sorted { $0.0.members.first ?? 0 < $1.0.members.first ?? 0 }
      .map { group, means, counts in
        RoundMetrics.Group(
          clients: group.members.map { members[$0].name }, means: means, weight: group.weight,
          loss: group.meanLoss, counts: counts)
      }
    return metrics
  }

  private func number(of name: String) -> Int {
    members.firstIndex { $0.name == name } ?? members.count
  }
}
