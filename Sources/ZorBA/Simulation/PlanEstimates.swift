package import ZorBAFederation
package import ZorBAPlanning

/// What a plan is made from besides the configuration; asked for only by plans that need it.
package struct PlanEstimates {
  /// What is known of the gradients before the first round.
  package var sensitivity: () throws -> BlockSensitivity
  /// What is known of them after some rounds: their metrics, and the plans they followed.
  package var refreshed: ([RoundMetrics], ActivationTimeline) throws -> BlockSensitivity
  /// What training costs at every site. [clients]
  package var costs: () throws -> [SiteCosts]

  /// - Parameter refreshed: nil keeps to what was known before.
  package init(
    sensitivity: @escaping () throws -> BlockSensitivity,
    refreshed: (([RoundMetrics], ActivationTimeline) throws -> BlockSensitivity)? = nil,
    costs: @escaping () throws -> [SiteCosts]
  ) {
    self.sensitivity = sensitivity
    self.refreshed = refreshed ?? { _, _ in try sensitivity() }
    self.costs = costs
  }
}
