import ZorBADiagnostics
import ZorBAFederation
import ZorBAPlanning

extension SimulationLoop {
  /// Makes the plan anew before the next round, where that is due, and journals it.
  ///
  /// What the plan is made from follows from the rounds that are committed, so a run killed before
  /// the plan was durable makes the same one; one killed after it finds it in the journal. A plan
  /// that comes out as the one in force leaves that where it is in its cycle.
  ///
  /// - Throws: `ZorBAError` when the disk refuses. That no plan can be made is a warning.
  func replanIfDue(_ replanning: inout Replanning) throws {
    let next = session.lastCommitted + 1
    // A site by itself keeps its row of the federation's plan: nobody is there to share blocks with.
    guard run.only == nil else { return }
    guard run.drawing.isRevisionDue(beforeRound: next, timeline: record.timeline) else { return }
    replanning.handle(.estimates)
    guard let decision = replanning.boundary(nextRound: next) else { return }
    let plan: ActivationPlan?
    do {
      plan = try run.drawing.revision(
        beforeRound: decision.firstRound, history: record.history, timeline: record.timeline)
    } catch let error as ZorBAError where error.code == .invalidConfiguration {
      record.warn("the plan stays as it is from round \(next) on: \(error.message)")
      replanning.handle(.refused)
      return
    }
    if let plan { try record.adopt(plan) }
    replanning.handle(.planned)
  }
}
