import ZorBADiagnostics
package import ZorBAPlanning

/// What plans of a networked run are made from: a model card, and what sites said of themselves.
package struct SiteEstimates {
  private let knowledge: SensitivityKnowledge
  private let costs: [SiteCosts]

  /// - Parameters:
  ///   - sites: The sites that the plan is for, in the run's order.
  ///   - costs: What training costs each of them. [sites]
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the run asks for probe rounds.
  package init(
    _ configuration: RunConfiguration, card: ModelCard, sites: [SiteProfile], costs: [SiteCosts]
  ) throws {
    guard configuration.blocks.sensitivity != .probe else {
      throw ZorBAError(
        .invalidConfiguration, "a networked run has no probe rounds",
        at: .init(field: "blocks.sensitivity"),
        advice:
          "Use prior, or a file that a simulation's probe wrote; blocks.replan_every improves "
          + "on either from the run's own rounds.")
    }
    knowledge = SensitivityKnowledge(
      configuration: configuration, parameters: card.parameters, clients: sites)
    self.costs = costs
  }

  /// The same as closures.
  package var estimates: PlanEstimates {
    PlanEstimates(
      sensitivity: initial,
      refreshed: { try knowledge.refreshed($0, $1, initial: initial) }, costs: { costs })
  }

  private func initial() throws -> BlockSensitivity {
    if case .file(let path) = knowledge.configuration.blocks.sensitivity {
      return try knowledge.file(path)
    }
    return knowledge.prior
  }
}
