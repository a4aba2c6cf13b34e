import ArgumentParser
import ZorBAPlanning

/// How hard the planner searches before it settles for a gap.
enum PlanEffort: String, ExpressibleByArgument, CaseIterable {
  case quick
  case standard
  case thorough

  func effort(seed: UInt64) -> Planner.Effort {
    var effort = Planner.Effort.standard
    switch self {
    case .quick:
      effort.work /= 20
      effort.moves /= 20
      effort.boundSteps /= 3
    case .standard: break
    case .thorough:
      effort.work *= 20
      effort.moves *= 10
      effort.boundSteps *= 5
    }
    effort.seed = seed
    return effort
  }
}
