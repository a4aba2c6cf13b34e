/// Branch and bound over columns: unit after unit gets its clients.
///
/// Gamma is pairwise in columns, so a node knows, for every open unit and every column it might get, the
/// cost against all columns that are set. A node is cut when one of several lower bounds on everything
/// below it says so: the sum of the cheapest columns, with the pairs among open units bounded by
/// tangents of the relaxation (`Relaxation`) taken at the root of its level. Clients that nothing tells
/// apart take columns as prefixes, and units that nothing tells apart take them in order, so that one
/// assignment stands for all its mirror images.
///
/// It works up to `maximumClients`; every node costs 2^clients operations an open unit.
struct ExactSearch {
  /// Clients above which columns are too many to list.
  static let maximumClients = 12

  /// What the search came to.
  struct Result {
    /// The best assignment, if any was at least as good as the limits ask. [clients, units]
    var best: FoundCycle?
    /// Nothing that keeps the limits has an objective below this; infinite when nothing keeps them.
    var lowerBound: Double
    /// Whether every assignment was looked at or ruled out.
    var isExhausted: Bool
    var nodes: Int
  }

  private let space: SearchSpace
  private let goal: SearchGoal
  private let clients: Int
  private let masks: Int
  /// Clients in search order, those alike side by side. [positions]
  private let order: [Int]
  /// Units in search order. [depths]
  private let units: [Int]
  private let table: ColumnTable
  /// Bounds by depth. [depths][cuts]
  private let cuts: [[Cut]]
  /// Bytes of a unit at a client. [depths, positions]
  private let resident: [[Double]]
  private let requiredMask: [Int]
  /// Whether a unit is like the one before it. [depths]
  private let isTwin: [Bool]
  private let leastMemory: [Double]  // of the units from a depth on [depths + 1]
  private let stopsAtFirst: Bool

  /// gamma * Gamma + memory * bytes >= constant + what open units contribute - price * room left.
  struct Cut {
    var gamma: Double
    var memory: Double
    var constant: Double
    /// Price of room. [positions]
    var price: [Double]
    /// [units from this depth on][masks]
    var values: [[Double]]
  }

  private var relaxation: NodeRelaxation
  private let nodeSteps: Int
  private let start: NodeRelaxation.Tangent

  private var limit: Int
  private var nodes = 0
  private var best: FoundCycle?
  private var isAborted = false

  /// - Parameters:
  ///   - incumbent: An assignment that keeps the limits, to be beaten.
  ///   - stopsAtFirst: Whether any assignment within the limits ends the search.
  init?(
    _ space: SearchSpace, goal: SearchGoal, incumbent: FoundCycle?, nodes limit: Int,
    boundSteps: Int, alpha: Double, nodeSteps: Int = 24, stopsAtFirst: Bool = false
  ) {
    guard space.clientCount <= Self.maximumClients,
      let classes = ClientClasses(space, maximumColumns: 1 << Self.maximumClients),
      !classes.wereMerged
    else { return nil }
    self.space = space
    self.goal = goal
    self.limit = limit
    self.stopsAtFirst = stopsAtFirst
    clients = space.clientCount
    masks = 1 << clients
    let order = classes.classes.flatMap(\.members)
    self.order = order
    let relaxation = Relaxation(space, classes: classes, alpha: alpha)
    units = (0..<space.unitCount).sorted {
      relaxation.influence($0) > relaxation.influence($1)
    }
    table = ColumnTable(space, units: units, clients: order)
    resident = units.map { unit in order.map { space.resident[$0][unit] } }
    requiredMask = units.map { unit in
      order.enumerated().reduce(0) { mask, entry in
        space.isRequired[entry.element][unit] ? mask | 1 << entry.offset : mask
      }
    }
    var isTwin = [false]
    for (first, second) in zip(units, units.dropFirst()) {
      isTwin.append(!space.timeLimit.isFinite && Self.areAlike(space, first, second))
    }
    self.isTwin = isTwin
    var leastMemory = [0.0]
    for depth in units.indices.reversed() {
      let bytes = resident[depth].sorted().prefix(space.minimumClients).reduce(0, +)
      leastMemory.insert(leastMemory[0] + (space.allowsResting ? 0 : bytes), at: 0)
    }
    self.leastMemory = leastMemory
    best = incumbent
    self.nodeSteps = nodeSteps
    self.relaxation = NodeRelaxation(space, units: units, order: order, alpha: alpha)
    start = self.relaxation.expanded(
      relaxation.optimised(steps: boundSteps * 4).at, classes: classes, order: order)
    cuts = CutFactory(
      space: space, classes: classes, units: units, order: order, table: table, goal: goal,
      incumbent: incumbent, steps: boundSteps, alpha: alpha
    ).cuts()
  }

  private static func areAlike(_ space: SearchSpace, _ first: Int, _ second: Int) -> Bool {
    func facts(_ unit: Int) -> [[Double]] {
      space.units[unit].map { block in
        let sensitivity = space.model.sensitivity
        return [
          space.model.parameters[block], sensitivity.gradientEnergy[block],
          sensitivity.clientSpread[block],
        ] + sensitivity.sampleNoise.map { $0[block] }
      }
    }
    return facts(first) == facts(second)
      && space.resident.allSatisfy { $0[first] == $0[second] }
      && space.isAllowed.allSatisfy { $0[first] == $0[second] }
      && space.isRequired.allSatisfy { $0[first] == $0[second] }
  }

  /// Searches until everything is settled or the nodes are used up.
  mutating func run() -> Result {
    var room = order.map { space.capacity[$0] }
    var rows = Array(repeating: 0, count: clients)  // units of a client as bits of depths
    var same = 0
    for position in 1..<max(1, clients)
    where classIndex(order[position]) == classIndex(order[position - 1]) { same |= 1 << position }
    let columns = table.alone
    let bound = descend(
      depth: 0, costs: columns, gamma: 0, memory: space.fixedBytes, room: &room, rows: &rows,
      same: same, previous: 0, tangent: start)
    let found = best.map { objective($0.gamma, $0.memory) } ?? .infinity
    return Result(
      best: best, lowerBound: isAborted ? min(bound, found) : found, isExhausted: !isAborted,
      nodes: nodes)
  }

  private func objective(_ gamma: Double, _ memory: Double) -> Double {
    goal.objective == .gamma ? gamma : memory
  }

  private func classIndex(_ client: Int) -> [Double] {
    let site = space.sites[client]
    let time =
      space.timeLimit.isFinite
      ? [site.fixedSeconds] + site.prefixSeconds + site.suffixSeconds + site.activeSeconds : []
    return [space.model.weights[client], space.capacity[client]]
      + space.model.sensitivity.sampleNoise[client] + space.resident[client]
      + space.isAllowed[client].map { $0 ? 1 : 0 } + space.isRequired[client].map { $0 ? 1 : 0 }
      + time
  }

  /// A lower bound on the objective below a node, or infinity when nothing below can matter.
  private func bound(
    depth: Int, costs: [[Double]], gamma: Double, memory: Double, room: [Double]
  ) -> Double {
    let leastMemory = memory + leastMemory[depth]
    guard leastMemory <= goal.memoryLimit * (1 + SearchSpace.tolerance) else { return .infinity }
    var gammaBound = gamma
    var memoryBound = leastMemory
    let rooms = table.fitting(depth: depth, room: room)
    for cut in cuts[depth] {
      var value = cut.constant + cut.gamma * gamma + cut.memory * memory
      for position in 0..<clients where cut.price[position] > 0 {
        value -= cut.price[position] * room[position]
      }
      for (index, values) in cut.values.enumerated() {
        let least = Self.least(
          costs[index], weight: cut.gamma, values, within: rooms[index])
        if least == .infinity { return .infinity }
        value += least
      }
      if cut.gamma > 0 {
        let limit = cut.memory == 0 ? 0 : cut.memory * effectiveMemoryLimit
        if limit.isFinite { gammaBound = max(gammaBound, (value - limit) / cut.gamma) }
      }
      if cut.memory > 0 {
        let limit = cut.gamma == 0 ? 0 : cut.gamma * goal.gammaLimit
        if limit.isFinite { memoryBound = max(memoryBound, (value - limit) / cut.memory) }
      }
    }
    return judged(gamma: gammaBound, memory: memoryBound)
  }

  /// Gamma that is too much: at or above it nothing is gained.
  private var gammaTarget: Double {
    switch goal.objective {
    case .gamma:
      min(
        goal.gammaLimit * (1 + SearchSpace.tolerance),
        (best?.gamma ?? .infinity) * (1 - SearchSpace.tolerance))
    case .memory: goal.gammaLimit * (1 + SearchSpace.tolerance)
    }
  }

  private var effectiveMemoryLimit: Double {
    goal.objective == .memory
      ? min(goal.memoryLimit, best?.memory ?? .infinity) : goal.memoryLimit
  }

  private func judged(gamma: Double, memory: Double) -> Double {
    let slack = 1 + SearchSpace.tolerance
    if gamma > goal.gammaLimit * slack || memory > goal.memoryLimit * slack { return .infinity }
    guard let best else { return objective(gamma, memory) }
    switch goal.objective {
    case .gamma:
      return gamma >= best.gamma * (1 - SearchSpace.tolerance) ? .infinity : gamma
    case .memory:
      let margin = SearchSpace.tolerance * max(1, abs(best.memory))
      if memory > best.memory + margin { return .infinity }
      if memory >= best.memory - margin, gamma >= best.gamma * (1 - SearchSpace.tolerance) {
        return .infinity
      }
      return memory
    }
  }

  private static func least(
    _ costs: [Double], weight: Double, _ values: [Double], within mask: Int
  ) -> Double {
    var least = Double.infinity
    let outside = ~mask
    costs.withUnsafeBufferPointer { costs in
      values.withUnsafeBufferPointer { values in
        for column in 0..<costs.count where column & outside == 0 {
          let value = weight * costs[column] + values[column]
          if value < least { least = value }
        }
      }
    }
    return least
  }

  /// The least bound of what was left open below, or infinity.
  private mutating func descend(
    depth: Int, costs: [[Double]], gamma: Double, memory: Double, room: inout [Double],
    rows: inout [Int], same: Int, previous: Int, tangent: NodeRelaxation.Tangent
  ) -> Double {
    if depth == units.count {
      accept(gamma: gamma, memory: memory, rows: rows)
      return .infinity
    }
    let fitting = table.fitting(depth: depth, room: room)[0]
    var children: [(mask: Int, key: Double)] = []
    let isLast = depth + 1 == units.count
    let promises =
      isLast
      ? costs[0]
      : relaxation.childBounds(
        depth: depth, costs: costs, fitting: table.fitting(depth: depth, room: room), room: room,
        at: tangent)
    for mask in 0..<masks
    where mask & ~fitting == 0 && mask & requiredMask[depth] == requiredMask[depth] {
      let cost = costs[0][mask]
      guard cost < .infinity, mask & same & ~(mask << 1) == 0 else { continue }
      if mask == 0, !space.allowsResting { continue }
      if isTwin[depth], Self.key(mask, clients) > Self.key(previous, clients) { continue }
      guard meetsTime(depth: depth, mask: mask, rows: rows) else { continue }
      if depth == units.count - 1, !fillsRows(mask, rows: rows) { continue }
      let promise = gamma + promises[mask]
      if promise >= gammaTarget { continue }
      children.append((mask, promise))
    }
    children.sort { $0.key < $1.key }
    var open = Double.infinity
    for (index, child) in children.enumerated() {
      // They come in ascending order, and the target falls as better assignments are found.
      if child.key >= gammaTarget { break }
      let mask = child.mask
      var bytes = 0.0
      for position in 0..<clients where mask >> position & 1 == 1 {
        room[position] -= resident[depth][position]
        rows[position] |= 1 << depth
        bytes += resident[depth][position]
      }
      let next = depth + 1
      nodes += 1
      let reached = gamma + costs[0][mask]
      let deeper = table.extended(costs, depth: depth, mask: mask)
      var bound = bound(
        depth: next, costs: deeper, gamma: reached, memory: memory + bytes, room: room)
      var deeperTangent = tangent
      if bound < .infinity, next + 1 < units.count {
        let target = gammaTarget - reached
        let found = relaxation.bound(
          depth: next, costs: deeper, fitting: table.fitting(depth: next, room: room), room: room,
          from: tangent, target: target, steps: nodeSteps)
        deeperTangent = found.tangent
        if found.value >= target {
          bound = .infinity
        } else if goal.objective == .gamma {
          bound = max(bound, reached + found.value)
        }
      }
      if bound < .infinity {
        if isAborted {
          open = min(open, bound)
        } else {
          open = min(
            open,
            descend(
              depth: next, costs: deeper, gamma: reached, memory: memory + bytes, room: &room,
              rows: &rows, same: same & ~(mask ^ (mask << 1)), previous: mask,
              tangent: deeperTangent))
        }
      }
      for position in 0..<clients where mask >> position & 1 == 1 {
        room[position] += resident[depth][position]
        rows[position] &= ~(1 << depth)
      }
      if nodes > limit { isAborted = true }
      if isAborted, index % 64 == 63 || depth > 2 {
        // What is left is bounded by the node itself, cheaper than child by child.
        return min(
          open, self.bound(depth: depth, costs: costs, gamma: gamma, memory: memory, room: room))
      }
      if stopsAtFirst, best != nil { return open }
    }
    return open
  }

  private static func key(_ mask: Int, _ clients: Int) -> Int {
    var key = 0
    for position in 0..<clients { key = key << 1 | mask >> position & 1 }
    return key
  }

  private func meetsTime(depth: Int, mask: Int, rows: [Int]) -> Bool {
    guard space.timeLimit.isFinite else { return true }
    return (0..<clients).allSatisfy { position in
      guard mask >> position & 1 == 1 else { return true }
      return space.meetsTime(order[position], set(of: rows[position] | 1 << depth))
    }
  }

  private func set(of depths: Int) -> [Int] {
    units.indices.filter { depths >> $0 & 1 == 1 }.map { units[$0] }
  }

  private func fillsRows(_ mask: Int, rows: [Int]) -> Bool {
    space.minimumBlocks == 0
      || (0..<clients).allSatisfy {
        rows[$0].nonzeroBitCount + (mask >> $0 & 1) >= space.minimumBlocks
      }
  }

  private mutating func accept(gamma: Double, memory: Double, rows: [Int]) {
    guard goal.accepts(gamma: gamma, memory: memory),
      best.map({ goal.isBetter((gamma, memory), ($0.gamma, $0.memory)) }) ?? true
    else { return }
    var matrix = Array(
      repeating: Array(repeating: false, count: space.unitCount), count: clients)
    for position in 0..<clients {
      for unit in set(of: rows[position]) { matrix[order[position]][unit] = true }
    }
    best = FoundCycle(CycleState(space, rows: [matrix]))
  }
}
