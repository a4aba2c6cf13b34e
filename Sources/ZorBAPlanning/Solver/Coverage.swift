import ZorBADiagnostics

/// Finds some assignment that keeps every hard limit, or says what stands in the way.
///
/// Units get their clients one after the other; where no client has room, chains of exchanges make some
/// (augmenting paths). For units of equal size that decides feasibility exactly, and the bytes that it
/// adds where even that fails are the least in all; for units of different sizes they are enough, and
/// may be more than needed.
struct Coverage {
  private let space: SearchSpace
  private let priority: [Int]?
  private var isOn: [[Bool]]  // [clients, units]
  private var load: [Double]
  private var coverage: [Int]
  private var capacity: [Double]
  /// Bytes that had to be added. [clients]
  private(set) var missing: [Double]
  /// Units that could not be covered as things are.
  private(set) var short: [Int] = []
  /// Units that cannot be covered whatever the budgets.
  private(set) var impossible: [Int] = []
  /// Clients without room for a single unit.
  private(set) var idle: [Int] = []

  /// - Parameter priority: The order in which units are covered when those that do not fit may rest;
  ///   nil covers all of them.
  init(_ space: SearchSpace, priority: [Int]? = nil) {
    self.space = space
    self.priority = priority
    isOn = Array(
      repeating: Array(repeating: false, count: space.unitCount), count: space.clientCount)
    load = Array(repeating: 0, count: space.clientCount)
    coverage = Array(repeating: 0, count: space.unitCount)
    capacity = space.capacity
    missing = load
    run()
  }

  /// The assignment; only meaningful when `isFeasible`. [clients, units]
  var rows: [[Bool]] { isOn }

  /// Whether a refusal is final: all units take the same room, so that chains of exchanges are exact.
  var isExact: Bool {
    !space.timeLimit.isFinite || space.sites.allSatisfy { $0.activeSeconds.allSatisfy { $0 == 0 } }
      ? space.resident.allSatisfy { row in row.allSatisfy { $0 == row[0] } } : false
  }

  /// The blocks of a unit.
  func blocks(of unit: Int) -> [Int] { space.units[unit] }

  /// Whether every limit is kept.
  var isFeasible: Bool { short.isEmpty && impossible.isEmpty && idle.isEmpty && !overflows }

  private var overflows: Bool { missing.contains { $0 > 0 } }

  private mutating func run() {
    for client in isOn.indices {
      for unit in isOn[client].indices where space.isRequired[client][unit] { set(client, unit) }
      let over = load[client] - capacity[client]
      if over > 0 || !meetsTime(client) {
        missing[client] += max(0, over)
        capacity[client] += max(0, over)
        if over <= 0 { idle.append(client) }
      }
    }
    if let priority {
      for unit in priority { coverOrRest(unit) }
      fillIdle()
      return
    }
    let hardest = isOn[0].indices.sorted { first, second in
      let a = allowedCount(first)
      let b = allowedCount(second)
      return a != b ? a < b : bytes(first) > bytes(second)
    }
    for unit in hardest {
      while coverage[unit] < space.minimumClients {
        var visited = Set<Int>()
        if place(unit, &visited) { continue }
        if !short.contains(unit) { short.append(unit) }
        guard force(unit) else {
          impossible.append(unit)
          break
        }
      }
    }
    fillIdle()
  }

  /// Gives a unit its clients, or none.
  private mutating func coverOrRest(_ unit: Int) {
    let before = (isOn, load, coverage)
    while coverage[unit] < space.minimumClients {
      var visited = Set<Int>()
      guard place(unit, &visited) else {
        (isOn, load, coverage) = before
        return
      }
    }
  }

  private func allowedCount(_ unit: Int) -> Int {
    isOn.indices.count { space.isAllowed[$0][unit] }
  }

  private func bytes(_ unit: Int) -> Double {
    isOn.indices.reduce(0) { max($0, space.resident[$1][unit]) }
  }

  private mutating func set(_ client: Int, _ unit: Int) {
    isOn[client][unit] = true
    load[client] += space.resident[client][unit]
    coverage[unit] += 1
  }

  private mutating func clear(_ client: Int, _ unit: Int) {
    isOn[client][unit] = false
    load[client] -= space.resident[client][unit]
    coverage[unit] -= 1
  }

  private func meetsTime(_ client: Int, with unit: Int? = nil) -> Bool {
    guard space.timeLimit.isFinite else { return true }
    return space.meetsTime(
      client, isOn[client].indices.filter { isOn[client][$0] || $0 == unit })
  }

  /// Gives a unit one more client, moving others out of the way; `visited` holds clients that were
  /// tried on this chain.
  private mutating func place(_ unit: Int, _ visited: inout Set<Int>) -> Bool {
    let candidates = isOn.indices.filter {
      space.isAllowed[$0][unit] && !isOn[$0][unit] && !visited.contains($0)
    }.sorted { capacity[$0] - load[$0] > capacity[$1] - load[$1] }
    for client in candidates
    where load[client] + space.resident[client][unit] <= capacity[client]
      && meetsTime(client, with: unit)
    {
      set(client, unit)
      return true
    }
    for client in candidates where !visited.contains(client) {
      visited.insert(client)
      for other in isOn[client].indices
      where isOn[client][other] && !space.isRequired[client][other]
        && load[client] - space.resident[client][other] + space.resident[client][unit]
          <= capacity[client]
      {
        clear(client, other)
        if meetsTime(client, with: unit) {
          set(client, unit)
          if coverage[other] >= space.minimumClients || place(other, &visited) { return true }
          clear(client, unit)
        }
        set(client, other)
      }
    }
    return false
  }

  /// Adds the fewest bytes that give a unit one more client, at whatever client a chain ends.
  private mutating func force(_ unit: Int) -> Bool {
    // Breadth first over clients: how each is reached, and what it would have to take in.
    var arrival: [Int: (client: Int, unit: Int)] = [:]
    var incoming: [Int: Int] = [:]
    var queue: [Int] = []
    for client in isOn.indices
    where isWanted(client, unit) && !isOn[client][unit] {
      incoming[client] = unit
      queue.append(client)
    }
    var best: (client: Int, bytes: Double)?
    var next = 0
    while next < queue.count {
      let client = queue[next]
      next += 1
      guard let entering = incoming[client] else { continue }
      let extra = load[client] + space.resident[client][entering] - capacity[client]
      if extra < best?.bytes ?? .infinity { best = (client, max(0, extra)) }
      for leaving in isOn[client].indices
      where isOn[client][leaving] && !space.isRequired[client][leaving]
        && load[client] - space.resident[client][leaving] + space.resident[client][entering]
          <= capacity[client]
      {
        for other in isOn.indices
        where incoming[other] == nil && isWanted(other, leaving) && !isOn[other][leaving] {
          incoming[other] = leaving
          arrival[other] = (client, leaving)
          queue.append(other)
        }
      }
    }
    guard let best else { return false }
    var client = best.client
    guard var entering = incoming[client] else { return false }
    missing[client] += best.bytes
    capacity[client] += best.bytes
    while true {
      set(client, entering)
      guard let step = arrival[client] else { return true }
      clear(step.client, step.unit)
      client = step.client
      guard let before = incoming[client] else { return true }
      entering = before
    }
  }

  /// Whether more memory alone would let a client train a unit.
  private func isWanted(_ client: Int, _ unit: Int) -> Bool {
    space.isAllowed[client][unit]
      || (space.resident[client][unit] > space.capacity[client] && space.mayEver[client][unit])
  }

  private mutating func fillIdle() {
    guard space.minimumBlocks > 0 else { return }
    for client in isOn.indices {
      while isOn[client].count(where: { $0 }) < space.minimumBlocks {
        let fitting = isOn[client].indices.filter {
          !isOn[client][$0] && space.isAllowed[client][$0]
            && load[client] + space.resident[client][$0] <= capacity[client]
            && meetsTime(client, with: $0)
        }
        guard
          let unit = fitting.min(by: {
            (coverage[$0], space.resident[client][$0]) < (coverage[$1], space.resident[client][$1])
          })
        else {
          idle.append(client)
          break
        }
        set(client, unit)
      }
    }
  }
}
