/// Everything the planner decides from: who could train what, at which price, to which end.
package struct PlanningProblem: Sendable {
  /// What a plan may pay for, in the order in which it is chosen.
  package enum Stage: String, Sendable, CaseIterable {
    /// Gamma, what the assignment does to convergence.
    case convergence
    /// Bytes over all sites.
    case memory
    /// Seconds of the slowest site.
    case time
  }

  /// How the assignment of a plan changes from round to round.
  package struct Rotation: Sendable, Equatable {
    /// Matrices in the cycle; 1 is a fixed assignment.
    package var length: Int
    /// Rounds each matrix stays in force.
    package var window: Int
    /// The share of matrices in which a block must have its minimum of clients, above 0 up to 1.
    package var minimumShare: Double

    package init(length: Int = 1, window: Int = 1, minimumShare: Double = 1) {
      self.length = length
      self.window = window
      self.minimumShare = minimumShare
    }

    /// One matrix for the whole run.
    package static let fixed = Rotation()
  }

  /// The effect of an assignment on convergence.
  package var convergence: ConvergenceModel
  /// What training costs at every site. [clients]
  package var sites: [SiteCosts]
  /// Bytes a site may take at the peak of a round; infinite without a limit. [clients]
  package var budgets: [Double]
  /// Seconds a round may take at any site; nil is no limit.
  package var deadline: Double?
  /// Clients that every block must have: n_min.
  package var minimumClients: Int
  /// Blocks that every client must have.
  package var minimumBlocks: Int
  /// Blocks that a client must train; missing means none. [clients]
  package var required: [Int: Set<Int>]
  /// Blocks that a client must not train. [clients]
  package var forbidden: [Int: Set<Int>]
  /// Blocks that are trained together or not at all, disjoint.
  package var groups: [[Int]]
  /// What is chosen first.
  package var stages: [Stage]
  /// How much of what an earlier stage reached later stages may give away. [stages - 1]
  package var epsilon: [Double]
  /// How assignments rotate.
  package var rotation: Rotation
  /// What clients are called in errors; missing names are counted from 0.
  package var names: [String] = []

  package init(
    convergence: ConvergenceModel, sites: [SiteCosts], budgets: [Double], deadline: Double? = nil,
    minimumClients: Int = 1, minimumBlocks: Int = 0, required: [Int: Set<Int>] = [:],
    forbidden: [Int: Set<Int>] = [:], groups: [[Int]] = [],
    stages: [Stage] = [.convergence, .memory, .time], epsilon: [Double] = [0.05, 0.05],
    rotation: Rotation = .fixed
  ) {
    self.convergence = convergence
    self.sites = sites
    self.budgets = budgets
    self.deadline = deadline
    self.minimumClients = minimumClients
    self.minimumBlocks = minimumBlocks
    self.required = required
    self.forbidden = forbidden
    self.groups = groups
    self.stages = stages
    self.epsilon = epsilon
    self.rotation = rotation
  }

  /// What a client is called.
  package func name(of client: Int) -> String {
    names.indices.contains(client) ? names[client] : "client \(client)"
  }

  package var clientCount: Int { convergence.clientCount }
  package var blockCount: Int { convergence.blockCount }
}
