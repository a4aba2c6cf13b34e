import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAOptimization
import ZorBAPlanning

/// What a plan is made from on the coordinator: the shape of the model, and what its members said of
/// themselves.
struct PlanDraft: Sendable {
  let blueprint: RunBlueprint
  /// The key of the journal: a branch keeps that of the run it left.
  let runKey: RunKey
  let sites: [SiteRecord]
  /// The clients to plan for, from 0, ascending.
  let members: [Int]

  /// A plan with a row for every site of the run; those that are no members have empty ones.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming what does not fit.
  func plan() throws -> ActivationPlan {
    let chosen = members.map { sites[$0] }
    let configuration = configuration
    let shape = blueprint.card.planShape(
      names: chosen.map(\.name),
      weights: chosen.map {
        configuration.federation.weights.weight(examples: $0.examples ?? 0)
      })
    let drawing = PlanDrawing(
      configuration, shape: shape, runKey: runKey,
      estimates: PlanEstimates(
        sensitivity: {
          try blueprint.card.sensitivity(
            for: configuration, names: shape.names, examples: chosen.map { $0.examples ?? 0 })
        },
        costs: { try chosen.map(costs) }))
    return try drawing.outcome().plan.spread(over: members, clients: sites.count)
  }

  /// The run's own, with lists of one value a site cut to the members, and with the sites' own
  /// budgets where the run gives none.
  private var configuration: RunConfiguration {
    var run = blueprint.configuration
    func cut(_ values: [Double]) -> [Double] {
      values.count == sites.count && values.count > 1 ? members.map { values[$0] } : values
    }
    run.blocks.active = cut(run.blocks.active)
    run.blocks.budgetsMiB = cut(run.blocks.budgetsMiB)
    let budgets = members.map { Double(sites[$0].budgetBytes) / 0x1p20 }
    if run.blocks.plan == .lexicographic, run.blocks.budgetsMiB.isEmpty,
      budgets.allSatisfy({ $0 > 0 })
    {
      run.blocks.budgetsMiB = budgets
    }
    let names = Set(members.map { sites[$0].name })
    run.blocks.required = run.blocks.required.filter { names.contains($0.key) }
    run.blocks.forbidden = run.blocks.forbidden.filter { names.contains($0.key) }
    return run
  }

  private func costs(of site: SiteRecord) throws -> SiteCosts {
    guard let costs = site.costs else {
      throw ZorBAError(
        .invalidConfiguration, "\(site.name) has not said what a round costs it",
        at: .init(field: "blocks.plan"),
        advice: "Use a plan that needs no costs, such as random, or allow its agent to share them.")
    }
    return costs
  }
}
