import Logging
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization

/// Sites whose answers are out of line, and groups of rows that fall behind: told, and kept for the result.
extension RunHost {
  /// Has a round's metrics name sites whose answers are out of line.
  ///
  /// - Returns: What is known with the round, to be kept once that is committed.
  func watch(_ metrics: inout RoundMetrics, plan: ActivationPlan) -> ContributionMonitor? {
    guard var monitor = contributions ?? recalledContributions() else { return nil }
    metrics.alarms = monitor.observe(metrics, plan: plan).map(\.text)
    return monitor
  }

  /// What the committed rounds say of sites; nil when they cannot be read.
  func recalledContributions() -> ContributionMonitor? {
    guard let timeline else { return nil }
    let configuration = blueprint.configuration
    let members = RunOpening.members(of: sites, weights: configuration.federation.weights)
    do {
      var monitor = try ContributionMonitor(
        configuration: configuration, members: members.map { ($0.name, $0.weight ?? 1) })
      let last = Int(clamping: journal.lastRound)
      try store.forEachRound { metrics in
        guard metrics.round <= last else { return }
        _ = monitor.observe(metrics, plan: timeline.plan(round: metrics.round))
      }
      return monitor
    } catch {
      warn("what sites sent before cannot be read back: \(error)")
      return nil
    }
  }

  /// Groups of rows that fell behind, over all evaluations so far; none where the run does not ask.
  func driftAlarms(_ evaluations: [Int: Evaluation]) -> [DriftAlarm] {
    guard let fairness = blueprint.configuration.fairness else { return [] }
    let ordered = evaluations.sorted { $0.key < $1.key }
      .map { (round: $0.key, evaluation: $0.value) }
    return DriftMonitor.alarms(in: ordered, fairness) { isTest($0) ? "test" : "validation" }
  }
}
