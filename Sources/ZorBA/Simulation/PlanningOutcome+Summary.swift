import ZorBAFederation
import ZorBAPlanning

extension PlanningOutcome {
  /// The plan as a line to show before a run.
  var summary: String {
    let share = plan.activeShare.map { $0.reduce(0, +) }
    let blocks = plan.activeShare.first?.count ?? 0
    func short(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
    var line =
      "plan: \(short(share.min() ?? 0)) to \(short(share.max() ?? 0)) of \(blocks) blocks a site"
    line += plan.cycle.count > 1 ? ", rotating over \(plan.cycle.count) assignments" : ""
    if let first = stages.first, first.stage == .convergence {
      line +=
        first.isProvenOptimal
        ? "; proven optimal"
        : first.gap.map { "; at most \(short(100 * $0)) % from the best there can be" }
          ?? "; no bound"
    }
    if let groupingSentence { line += "\n      \(groupingSentence)" }
    return line + "\n"
  }
}
