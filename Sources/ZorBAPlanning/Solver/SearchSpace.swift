/// A planning problem laid out for search: which entries may be set, and what room every client has.
///
/// Blocks that are trained together are one unit here. All limits are upper limits and all costs grow
/// with every entry that is set, so part of an assignment that breaks a limit never recovers.
struct SearchSpace: Sendable {
  let model: ConvergenceModel
  let sites: [SiteCosts]
  /// The blocks of every unit, ascending. [units]
  let units: [[Int]]
  /// Bytes for active blocks, rounding room included; infinite without a limit. [clients]
  var capacity: [Double]
  /// Bytes of a unit at a client. [clients, units]
  let resident: [[Double]]
  /// Whether an entry may be set. [clients, units]
  var isAllowed: [[Bool]]
  /// Whether an entry might be set, were memory no question. [clients, units]
  let mayEver: [[Bool]]
  /// Whether an entry must be set. [clients, units]
  let isRequired: [[Bool]]
  /// Seconds that a client's round may take.
  var timeLimit: Double
  /// Clients of every block that is trained at all.
  let minimumClients: Int
  /// Units of every client, 0 or 1 at least.
  let minimumBlocks: Int
  /// omega: what the bias of one assignment weighs.
  let biasWeight: Double
  /// Whether a block may rest in this assignment.
  let allowsResting: Bool

  /// Room for rounding in sums of bytes and seconds.
  static let tolerance = 1e-9

  init(_ problem: PlanningProblem, biasWeight: Double = 1, allowsResting: Bool = false) {
    let blocks = problem.blockCount
    var unitOf = Array(repeating: -1, count: blocks)
    var units: [[Int]] = []
    for group in problem.groups where !group.isEmpty {
      for block in group { unitOf[block] = units.count }
      units.append(group.sorted())
    }
    for block in 0..<blocks where unitOf[block] < 0 { units.append([block]) }
    units.sort { $0[0] < $1[0] }
    self.units = units
    model = problem.convergence
    sites = problem.sites
    capacity = zip(problem.sites, problem.budgets).map { site, budget in
      budget - site.fixedBytes + Self.tolerance * max(1, abs(budget))
    }
    resident = problem.sites.map { site in
      units.map { $0.reduce(0) { $0 + site.residentBytes[$1] } }
    }
    let free = (0..<problem.clientCount).map { client in
      units.map { unit in unit.allSatisfy { problem.forbidden[client]?.contains($0) != true } }
    }
    isAllowed = free
    isRequired = (0..<problem.clientCount).map { client in
      units.map { unit in unit.contains { problem.required[client]?.contains($0) == true } }
    }
    timeLimit = problem.deadline ?? .infinity
    minimumClients = problem.minimumClients
    minimumBlocks = problem.minimumBlocks
    self.biasWeight = biasWeight
    self.allowsResting = allowsResting
    mayEver = free
    forbidWhatCannotBe()
  }

  /// Takes leave from entries that break a limit all by themselves.
  mutating func forbidWhatCannotBe() {
    for client in isAllowed.indices {
      for unit in units.indices where isAllowed[client][unit] {
        let fits = resident[client][unit] <= capacity[client] && meetsTime(client, [unit])
        if !fits { isAllowed[client][unit] = false }
      }
    }
  }

  var clientCount: Int { sites.count }
  var unitCount: Int { units.count }

  /// Bytes that are there whatever is trained, over all clients.
  var fixedBytes: Double { sites.reduce(0) { $0 + $1.fixedBytes } }

  /// Seconds of a client's round with these units.
  func seconds(_ client: Int, _ active: some Sequence<Int>) -> Double {
    var row = Array(repeating: false, count: model.blockCount)
    for unit in active { for block in units[unit] { row[block] = true } }
    return sites[client].seconds(row)
  }

  /// Whether a client's round with these units is short enough.
  func meetsTime(_ client: Int, _ active: some Sequence<Int>) -> Bool {
    guard timeLimit.isFinite else { return true }
    return seconds(client, active) <= timeLimit * (1 + Self.tolerance)
  }

  /// The rows of blocks that rows of units stand for. [clients, blocks]
  func blockRows(_ rows: [[Bool]]) -> [[Bool]] {
    rows.map { row in
      var blocks = Array(repeating: false, count: model.blockCount)
      for unit in row.indices where row[unit] {
        for block in units[unit] { blocks[block] = true }
      }
      return blocks
    }
  }
}
