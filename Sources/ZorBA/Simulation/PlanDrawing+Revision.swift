package import ZorBAFederation
import ZorBAPlanning

extension PlanDrawing {
  /// Whether the run asks for a new plan, from what its rounds have told, before a round.
  package func isRevisionDue(beforeRound next: Int, timeline: ActivationTimeline) -> Bool {
    let every = configuration.blocks.replanEvery
    return every > 0 && restsOnEstimates && next > 1 && (next - 1) % every == 0
      && !timeline.begins(round: next)
  }

  /// The plan made anew from what the rounds so far have told, beginning with the next round; nil when
  /// it comes out as the one in force, which then stays where it is in its cycle.
  ///
  /// It follows from the rounds that are committed, so whoever was interrupted makes the same one.
  ///
  /// - Throws: As `outcome(knowing:)`, when no plan can be made any more.
  package func revision(
    beforeRound next: Int, history: [RoundMetrics], timeline: ActivationTimeline
  ) throws -> ActivationPlan? {
    let plan = try outcome(knowing: estimates.refreshed(history, timeline)).plan
    let current = timeline.plan(round: next)
    guard plan.cycle != current.cycle || plan.window != current.window else { return nil }
    return plan.starting(at: next)
  }
}
