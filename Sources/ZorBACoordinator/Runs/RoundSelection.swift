import Synchronization
package import ZorBA
package import ZorBAFederation

/// Who is asked in a round: the run's engine and the plan in force, behind the closure that the pure
/// machine holds.
package final class RoundSelection: Sendable {
  private struct State {
    var engine: RoundEngine
    var timeline: ActivationTimeline
  }

  private let state = Mutex<State?>(nil)
  private let lists = Mutex<SignedLists?>(nil)

  package init() {}

  /// Follows an engine and the plans from now on.
  package func follow(_ engine: RoundEngine, _ timeline: ActivationTimeline) {
    state.withLock { $0 = State(engine: engine, timeline: timeline) }
  }

  /// From now on asks no others than these where a list of survivors was signed before.
  package func keep(to lists: SignedLists?) { self.lists.withLock { $0 = lists } }

  /// Clients to ask, ascending; empty when there is no plan yet or nobody who trains is there.
  package func callAsFunction(
    _ ticket: RoundCoordinator.Ticket, _ available: Set<Int>
  ) -> [Int] {
    let lists = lists.withLock { $0 }
    return state.withLock { state in
      guard let state else { return [] }
      let plan = state.timeline.plan(round: ticket.round)
      let drawn = state.engine.participants(
        round: ticket.round, attempt: ticket.attempt, plan: plan, available: available)
      guard let lists else { return drawn }
      return lists.narrow(
        drawn, round: ticket.round, available: available,
        matrix: plan.matrix(round: ticket.round))
    }
  }
}
