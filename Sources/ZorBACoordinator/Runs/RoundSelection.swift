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

  package init() {}

  /// Follows an engine and the plans from now on.
  package func follow(_ engine: RoundEngine, _ timeline: ActivationTimeline) {
    state.withLock { $0 = State(engine: engine, timeline: timeline) }
  }

  /// Clients to ask, ascending; empty when there is no plan yet or nobody who trains is there.
  package func callAsFunction(
    _ ticket: RoundCoordinator.Ticket, _ available: Set<Int>
  ) -> [Int] {
    state.withLock { state in
      guard let state else { return [] }
      return state.engine.participants(
        round: ticket.round, attempt: ticket.attempt,
        plan: state.timeline.plan(round: ticket.round), available: available)
    }
  }
}
