/// Who trains which blocks.
public struct BlockConfiguration: Sendable, Equatable {
  /// Where the activation matrices come from.
  public enum Plan: Sendable, Equatable {
    /// Everybody trains everything.
    case full
    /// Drawn at random, covering every block.
    case random
    /// A window of blocks at each client that slides along the depth.
    case roundRobin
    /// The depth cut into stretches, one a client.
    case contiguous
    /// The blocks with the largest gradients, as many as fit.
    case dominant
    /// The planner's choice.
    case lexicographic
    /// Read from a plan file.
    case file(String)
  }

  /// What the planner minimises.
  public enum Stage: String, Sendable, CaseIterable {
    /// What the assignment does to convergence.
    case convergence
    /// Bytes over all clients.
    case memory
    /// Seconds of the slowest client.
    case time
  }

  /// Where the planner's knowledge of gradients comes from.
  public enum Sensitivity: Sendable, Equatable {
    /// From the weights alone.
    case prior
    /// From probe rounds before the first one.
    case probe
    /// From a file of sensitivities, or a plan file that has them.
    case file(String)
  }

  /// Where the matrices come from.
  public var plan = Plan.full
  /// Share of blocks a client trains at a time, one for all or one a client; not under `full`.
  public var active = [0.5]
  /// Memory of a client in MiB, one for all or one a client, in place of shares; empty for shares.
  public var budgetsMiB: [Double] = []
  /// Clients that every block must have.
  public var minClients = 1
  /// Rounds each matrix stays in force; 0 keeps the first one.
  public var rotateEvery = 1
  /// Whether embeddings, final norm and head are trained as well.
  public var outer = false
  /// What the planner minimises, in this order.
  public var stages = Stage.allCases
  /// How much of what a stage reached later stages may give away, one for each stage but the last.
  public var epsilon = [0.05, 0.05]
  /// Matrices of the planner's cycle; 1 is a fixed assignment.
  public var cycle = Self.defaultCycle
  /// Share of the matrices in which a block must have its clients, above 0 up to 1.
  public var minimumShare = 1.0
  /// Seconds that a round may take at any client; nil is no limit.
  public var deadlineSeconds: Double?
  /// Where the planner's knowledge of gradients comes from.
  public var sensitivity = Sensitivity.prior
  /// Directions for each block that probe rounds take.
  public var probeDirections = Self.defaultProbeDirections
  /// L of lambda = L eta, what variance weighs against bias; nil takes P / (eta d), with d the
  /// parameters of all blocks: a learning rate as large as forward-only training bears.
  public var smoothness: Double?
  /// A file with the memory and time of the clients, as a calibration run leaves it.
  public var calibration: String?
  /// Blocks, from 1, that a client must train whenever it trains, by the client's name.
  public var required: [String: [Int]] = [:]
  /// Blocks, from 1, that a client must not train, by the client's name.
  public var forbidden: [String: [Int]] = [:]
  /// Blocks, from 1, that are trained together or not at all.
  public var together: [[Int]] = []
  /// Rounds after which a plan that rests on estimates is made anew from those of the run itself; 0
  /// keeps the plan.
  public var replanEvery = 0

  /// Enough for clients with a quarter of the blocks to share every block evenly.
  public static let defaultCycle = 4
  /// An error of 20 % of a block's gradient energy at best (algorithm, section 3).
  public static let defaultProbeDirections = 50
  /// The largest budget of a client: 16 TiB.
  static let largestBudgetMiB = Double(MemoryConfiguration.largestBudgetMiB)
  /// What a plan may ask for.
  static let largestCycle = 4096

  /// Everybody trains every transformer block.
  public init() {}
}

extension BlockConfiguration.Plan {
  /// The plan of this name; nil for others, which are files.
  public init?(name: String) {
    guard let plan = Self.named.first(where: { $0.name == name }) else { return nil }
    self = plan.plan
  }

  /// What a run file calls it; nil for a file.
  public var name: String? { Self.named.first { $0.plan == self }?.name }

  private static let named: [(name: String, plan: Self)] = [
    ("full", .full), ("random", .random), ("round_robin", .roundRobin),
    ("contiguous", .contiguous), ("dominant", .dominant), ("lexicographic", .lexicographic),
  ]
}
