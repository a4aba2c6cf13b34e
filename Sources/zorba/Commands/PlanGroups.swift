import ZorBA

/// Whether a plan is made in groups of sites that train the same blocks, and what asks for that.
enum PlanGroups {
  /// Every site may differ.
  case none
  /// A plan without such groups is of no use.
  case required(of: Int)
  /// Such a plan where there is one, as `secure_aggregation: auto` has it over a network.
  case preferred(of: Int)
  /// They were to be there, but something other than the plan stands against them.
  case missing(of: Int, because: String)

  /// What a run asks for.
  ///
  /// A run that lists no sites is a simulation, in which `auto` means off.
  init(_ run: RunConfiguration) {
    let size = run.secureAggregation.groupToAsk
    switch run.secureAggregation.mode {
    case .on: self = .required(of: size)
    case .off: self = .none
    case .auto:
      if run.federation.sites.isEmpty {
        self = .none
      } else if let obstacle = run.automaticSecrecyObstacle {
        self = .missing(of: size, because: obstacle)
      } else {
        self = .preferred(of: size)
      }
    }
  }

  /// Sites of a group at least; nil without groups.
  var size: Int? {
    switch self {
    case .required(let size), .preferred(let size): size
    case .none, .missing: nil
    }
  }
}
