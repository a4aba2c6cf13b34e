/// When a federation needs a new plan, and for whom, as a pure state machine.
///
///     settled → due → planning → settled
///                ↑       │ what happens meanwhile makes another plan due
///                └───────┘
///
/// Members come and go, estimates and budgets change at any time; all of it is gathered and answered
/// at the next boundary between rounds with one plan. Nothing changes inside a round. Members keep
/// their number for ever, so plans before and after are about the same rows; those who have left have
/// empty ones (`ActivationPlan.spread`).
///
/// The caller makes the plan and journals it as one that begins with the decision's round; how plans
/// are made, and clocks, files and arithmetic, live outside.
package struct Replanning: Sendable, Equatable {
  /// What can happen.
  package enum Event: Sendable, Equatable {
    /// A member is there from the next round on.
    case join(Int)
    /// A member is gone.
    case leave(Int)
    /// More is known of gradients or costs.
    case estimates
    /// A member's budget is another one.
    case budget(Int)
    /// The plan of the decision is journaled.
    case planned
    /// No plan could be made of the decision; the one in force goes on, without those who have left,
    /// until something else happens.
    case refused
  }

  /// Why a plan is due.
  package enum Reason: String, Sendable, CaseIterable {
    case joined, left, estimates, budget
  }

  /// A plan to be made.
  package struct Decision: Sendable, Equatable {
    /// The first round that will follow the plan.
    package var firstRound: Int
    /// For whom it is, ascending.
    package var members: [Int]
    /// What led to it, in the order of `Reason`.
    package var reasons: [Reason]
  }

  /// Who is there.
  package private(set) var members: Set<Int>
  /// For whom the plan in force was made.
  private var planned: Set<Int>
  private var news: Set<Reason> = []
  /// The decision that is being carried out.
  private var decision: Decision?

  /// A federation whose members have a plan.
  package init(members: some Sequence<Int>) {
    self.members = Set(members)
    planned = self.members
  }

  /// Takes an event; whatever no longer matters changes nothing.
  package mutating func handle(_ event: Event) {
    switch event {
    case .join(let member): members.insert(member)
    case .leave(let member): members.remove(member)
    case .estimates: news.insert(.estimates)
    case .budget(let member): if members.contains(member) { news.insert(.budget) }
    case .planned, .refused:
      guard let decision else { return }
      planned = Set(decision.members)
      self.decision = nil
    }
  }

  /// Why a plan is due, in the order of `Reason`.
  package var reasons: [Reason] {
    var reasons = news
    if !members.subtracting(planned).isEmpty { reasons.insert(.joined) }
    if !planned.subtracting(members).isEmpty { reasons.insert(.left) }
    return Reason.allCases.filter(reasons.contains)
  }

  /// Asked between rounds: the plan to make before `nextRound` begins, or nil when nothing calls for
  /// one, or when nobody is there. A decision that was not carried out is replaced by this one.
  package mutating func boundary(nextRound: Int) -> Decision? {
    if let decision {
      // Its caller was interrupted: everything in it is still to be done.
      news.formUnion(decision.reasons.filter { $0 == .estimates || $0 == .budget })
      self.decision = nil
    }
    let reasons = reasons
    guard !reasons.isEmpty, !members.isEmpty else { return nil }
    news = []
    decision = Decision(firstRound: nextRound, members: members.sorted(), reasons: reasons)
    return decision
  }
}
