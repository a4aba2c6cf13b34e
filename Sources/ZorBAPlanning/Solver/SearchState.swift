/// An assignment under search: its Gamma, its bytes, and what may still be changed without breaking a
/// hard limit.
struct SearchState: Sendable {
  let space: SearchSpace
  private(set) var assignment: AssignmentState
  /// Entries by unit. [clients, units]
  private(set) var isOn: [[Bool]]
  /// Bytes of active blocks. [clients]
  private(set) var load: [Double]
  /// Units of every client. [clients]
  private(set) var rowCount: [Int]
  /// Clients of every unit. [units]
  private(set) var coverage: [Int]
  private(set) var gamma: Double
  /// Bytes over all clients, the fixed ones included.
  private(set) var memory: Double

  /// The assignment with these rows. [clients, units]
  init(_ space: SearchSpace, rows: [[Bool]]) {
    self.space = space
    assignment = AssignmentState(
      constants: .init(space.model, biasWeight: space.biasWeight), clients: space.clientCount,
      blocks: space.model.blockCount)
    isOn = Array(
      repeating: Array(repeating: false, count: space.unitCount), count: space.clientCount)
    load = Array(repeating: 0, count: space.clientCount)
    rowCount = Array(repeating: 0, count: space.clientCount)
    coverage = Array(repeating: 0, count: space.unitCount)
    gamma = 0
    memory = space.fixedBytes
    for client in rows.indices {
      for unit in rows[client].indices where rows[client][unit] { toggle(client, unit) }
    }
    refresh()
  }

  /// Takes Gamma and bytes anew, free of what rounding added up.
  mutating func refresh() {
    gamma = assignment.gamma
    memory = space.fixedBytes + load.reduce(0, +)
  }

  /// What flipping a unit does to Gamma.
  func change(_ client: Int, _ unit: Int) -> Double {
    let blocks = space.units[unit]
    if blocks.count == 1 { return assignment.change(client, blocks[0]) }
    var copy = assignment
    var change = 0.0
    for block in blocks {
      change += copy.change(client, block)
      copy.flip(client, block)
    }
    return change
  }

  /// Flips a unit, knowing what that does to Gamma.
  mutating func flip(_ client: Int, _ unit: Int, change: Double) {
    toggle(client, unit)
    gamma += change
  }

  private mutating func toggle(_ client: Int, _ unit: Int) {
    for block in space.units[unit] { assignment.flip(client, block) }
    let adds = !isOn[client][unit]
    isOn[client][unit] = adds
    let bytes = space.resident[client][unit]
    load[client] += adds ? bytes : -bytes
    memory += adds ? bytes : -bytes
    rowCount[client] += adds ? 1 : -1
    coverage[unit] += adds ? 1 : -1
  }

  /// Whether a client has room and leave for one more unit.
  func mayAdd(_ client: Int, _ unit: Int, freed: Double = 0) -> Bool {
    space.isAllowed[client][unit] && !isOn[client][unit]
      && load[client] - freed + space.resident[client][unit] <= space.capacity[client]
  }

  /// Whether a unit may leave a client as far as the client is concerned.
  func mayRemove(_ client: Int, _ unit: Int, replaced: Bool = false) -> Bool {
    isOn[client][unit] && !space.isRequired[client][unit]
      && (replaced || rowCount[client] > space.minimumBlocks)
  }

  /// Whether a client's round is short enough as the assignment stands.
  func meetsTime(_ client: Int) -> Bool {
    guard space.timeLimit.isFinite else { return true }
    return space.meetsTime(client, isOn[client].indices.filter { isOn[client][$0] })
  }
}
