/// What every policy decides from.
package struct PolicyInput: Sendable {
  /// How much a client can train at a time.
  package enum Capacity: Sendable, Equatable {
    /// So many blocks, whichever.
    case blocks(Int)
    /// Blocks of so many bytes together; `resident` are the bytes of each block. [blocks]
    case bytes(Double, resident: [Double])

    /// What all blocks of a client may take together, in blocks or bytes.
    package var limit: Double {
      switch self {
      case .blocks(let count): Double(count)
      case .bytes(let bytes, _): bytes
      }
    }

    /// What a block takes of it.
    package func demand(of block: Int) -> Double {
      switch self {
      case .blocks: 1
      case .bytes(_, let resident): resident[block]
      }
    }

    /// Whether a client can train these blocks at a time. [blocks]
    package func holds(_ row: [Bool]) -> Bool {
      row.indices.reduce(0) { row[$1] ? $0 + demand(of: $1) : $0 } <= limit
    }

    /// The same with more room, in blocks or bytes.
    func raised(by room: Double) -> Capacity {
      switch self {
      case .blocks(let count): .blocks(count + Int(room))
      case .bytes(let bytes, let resident): .bytes(bytes + room, resident: resident)
      }
    }
  }

  /// What clients are called in errors. [clients]
  package var names: [String]
  /// [clients]
  package var capacities: [Capacity]
  /// Transformer blocks.
  package var blocks: Int
  /// Clients that every block must have in every matrix: n_min.
  package var minimumClients: Int
  /// Rounds each matrix stays in force; 0 keeps one for the whole run.
  package var window: Int
  /// Rounds that the plan is for.
  package var rounds: Int
  /// Active (client, block) pairs that a cycle may list; cycles of random draws are cut to that.
  package var maximumPairs: Int
  /// Generators for random draws: one for every matrix of a cycle.
  package var generator: @Sendable (UInt64) -> any RandomNumberGenerator
  /// What is known of gradients and costs, for policies that need it; nil for others.
  package var problem: PlanningProblem?
  /// Clients that must train the same blocks at least, in every matrix; nil lets every client differ.
  package var groupSize: Int?
  /// How hard the planner searches.
  package var effort = Planner.Effort.standard

  package init(
    names: [String]? = nil, capacities: [Capacity], blocks: Int, minimumClients: Int = 1,
    window: Int = 1, rounds: Int, maximumPairs: Int = 1 << 20, problem: PlanningProblem? = nil,
    generator: @escaping @Sendable (UInt64) -> any RandomNumberGenerator
  ) {
    precondition(blocks > 0 && !capacities.isEmpty && window >= 0 && minimumClients >= 0)
    self.names = names ?? capacities.indices.map { "client \($0 + 1)" }
    self.capacities = capacities
    self.blocks = blocks
    self.minimumClients = minimumClients
    self.window = window
    self.rounds = rounds
    self.maximumPairs = maximumPairs
    self.problem = problem
    self.generator = generator
  }

  package var clientCount: Int { capacities.count }
}
