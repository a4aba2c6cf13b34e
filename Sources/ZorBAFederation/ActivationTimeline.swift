/// The plans of a run, one after the other: which was in force when.
///
/// A plan from round t on replaces whatever was planned for t and later, so the plan of a round is
/// the last one that was adopted and begins by then.
public struct ActivationTimeline: Sendable, Hashable {
  /// The plans in the order in which they were adopted; never empty, all of one size.
  public private(set) var plans: [ActivationPlan]

  /// A run that begins with a plan.
  public init(_ plan: ActivationPlan) { plans = [plan] }

  /// Replaces what was planned for `plan.firstRound` and later.
  public mutating func adopt(_ plan: ActivationPlan) {
    precondition(
      plan.clientCount == plans[0].clientCount && plan.blockCount == plans[0].blockCount)
    plans.append(plan)
  }

  /// The plan that a round follows; before the first plan begins, that one.
  public func plan(round: Int) -> ActivationPlan {
    plans.last { $0.firstRound <= round } ?? plans[0]
  }

  /// Whether a plan begins with this round.
  public func begins(round: Int) -> Bool { plans.contains { $0.firstRound == round } }

  /// How often each client has each block active, 0 to 1, [clients, blocks]: the shares of the plans,
  /// weighted by the rounds for which each is in force up to `rounds`.
  public func activeShare(rounds: Int) -> [[Double]] {
    var shares = plan(round: rounds).activeShare
    let spans = spans(upTo: rounds)
    guard spans.count > 1 else { return shares }
    let total = Double(rounds)
    for client in shares.indices {
      for block in shares[client].indices { shares[client][block] = 0 }
    }
    for (plan, count) in spans {
      for (client, row) in plan.activeShare.enumerated() {
        for (block, share) in row.enumerated() {
          shares[client][block] += share * Double(count) / total
        }
      }
    }
    return shares
  }

  /// The plans that rounds 1 to `last` follow, and for how many rounds each.
  public func spans(upTo last: Int) -> [(plan: ActivationPlan, rounds: Int)] {
    let starts = Set(plans.map(\.firstRound).filter { $0 > 1 && $0 <= last }).sorted()
    let bounds = [1] + starts + [max(last, 0) + 1]
    return zip(bounds, bounds.dropFirst()).compactMap { start, end in
      start < end ? (plan(round: start), end - start) : nil
    }
  }
}
