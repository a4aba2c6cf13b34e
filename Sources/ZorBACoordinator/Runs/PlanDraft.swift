import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAOptimization
import ZorBAPlanning

/// What a plan is made from on the coordinator: the shape of the model, what its members said of
/// themselves, and what the run's rounds showed.
struct PlanDraft: Sendable {
  let blueprint: RunBlueprint
  /// The key of the journal: a branch keeps that of the run it left.
  let runKey: RunKey
  let sites: [SiteRecord]
  /// The clients to plan for, from 0, ascending.
  let members: [Int]
  /// The rounds so far and the plans they followed, where the plan is made anew from them.
  let history: (metrics: [RoundMetrics], timeline: ActivationTimeline)?

  /// A plan, and what is said of its groups.
  struct Made: Sendable {
    var plan: ActivationPlan
    /// How many groups of which size, and their price where it is known; nil in runs in the clear.
    var groups: String?
  }

  /// A plan with a row for every site of the run; those that are no members have empty ones.
  ///
  /// - Parameter inGroups: Whether sites form groups, as secure aggregation asks; false asks whether
  ///   there would be a plan without.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming what does not fit.
  func plan(inGroups: Bool = true) throws -> Made {
    let configuration = configuration
    let profiles = members.map { client in
      // Under secure aggregation nobody says how many rows a site has: all count alike in plans.
      let isSecure = configuration.secureAggregation.isOn
      let examples = sites[client].examples ?? (isSecure ? configuration.batch.size : 0)
      return SiteProfile(
        name: sites[client].name, examples: max(1, examples),
        weight: isSecure ? 1 : configuration.federation.weights.weight(examples: examples))
    }
    let needsCosts =
      configuration.blocks.plan.needsEstimates || !configuration.blocks.budgetsMiB.isEmpty
    let estimates = try SiteEstimates(
      configuration, card: blueprint.card, sites: profiles,
      costs: needsCosts ? members.map { try costs(of: sites[$0]) } : []
    ).estimates
    var planned = configuration
    if !inGroups { planned.secureAggregation.mode = .off }
    let drawing = PlanDrawing(
      planned, shape: blueprint.card.planShape(of: profiles), runKey: runKey,
      estimates: estimates, members: members.count == sites.count ? nil : members)
    let known = try history.map { try estimates.refreshed($0.metrics, $0.timeline) }
    let outcome = try drawing.outcome(knowing: known)
    var made = Made(plan: try outcome.plan.spread(over: members, clients: sites.count))
    if planned.secureAggregation.isOn {
      made.groups = outcome.solved?.groupingSentence ?? Self.sizes(of: outcome.plan)
    }
    return made
  }

  private static func sizes(of plan: ActivationPlan) -> String? {
    guard let groups = plan.cycle.first?.groups, let least = groups.map(\.count).min() else {
      return nil
    }
    return "\(groups.count) group\(groups.count == 1 ? "" : "s") of at least \(least) sites"
  }

  /// The run's own, with the sites' own budgets where the run gives none.
  private var configuration: RunConfiguration {
    var run = blueprint.configuration
    let budgets = sites.map { Double($0.budgetBytes) / 0x1p20 }
    if run.blocks.plan == .lexicographic, run.blocks.budgetsMiB.isEmpty,
      members.allSatisfy({ budgets[$0] > 0 })
    {
      run.blocks.budgetsMiB = budgets.map { max(1, $0) }
    }
    return run
  }

  private func costs(of site: SiteRecord) throws -> SiteCosts {
    guard let costs = site.costs else {
      throw ZorBAError(
        .invalidConfiguration, "\(site.name) has not said what a round costs it",
        at: .init(field: "blocks.plan"),
        advice: "Use a plan that needs no costs, such as random, or let its policy share them.")
    }
    return costs
  }
}

extension BlockConfiguration.Plan {
  /// Whether a plan rests on costs and gradients.
  var needsEstimates: Bool { name.flatMap { Policy(rawValue: $0) }?.needsEstimates == true }
}
