#if canImport(Glibc)
  import Glibc
#endif

/// Simulated annealing over cycles of assignments that keep every hard limit.
///
/// Moves flip an entry of one matrix, exchange two units of a client, exchange two clients of a unit, or
/// exchange two units between two clients; the last keeps every count. Limits on Gamma and bytes that
/// come from earlier stages are soft on the way and hard for the result.
struct LocalSearch: Sendable {
  let goal: SearchGoal
  let moves: Int
  /// Matrices in which a unit must be trained.
  let leastTrained: Int
  private var generator: SearchGenerator

  /// Relative energies: the temperature falls from the first to the second.
  private static let hottest = 0.02
  private static let coldest = 2e-6

  private struct Flip {
    var client: Int
    var unit: Int
  }

  init(goal: SearchGoal, moves: Int, seed: UInt64, leastTrained: Int = 1) {
    self.goal = goal
    self.moves = moves
    self.leastTrained = leastTrained
    generator = SearchGenerator(seed: seed)
  }

  /// The best cycle met that keeps all limits, the start included; nil when none did.
  mutating func improve(_ start: CycleState) -> FoundCycle? {
    var state = start
    var best = goal.accepts(start) ? FoundCycle(start) : nil
    let energy = Energy(goal: goal, start: start)
    var current = energy(state.gamma, state.memory)
    let cooling = pow(Self.coldest / Self.hottest, 1 / Double(max(1, moves)))
    var temperature = Self.hottest
    var flips: [Flip] = []
    for step in 0..<moves {
      temperature *= cooling
      if step & 0xFFFF == 0xFFFF {
        state.refresh()
        current = energy(state.gamma, state.memory)
        if Task.isCancelled { break }
      }
      flips.removeAll(keepingCapacity: true)
      let index = state.length == 1 ? 0 : generator.index(below: state.length)
      propose(state, index, &flips)
      guard !flips.isEmpty else { continue }
      for flip in flips { state.flip(index, flip.client, flip.unit) }
      let isFeasible = flips.allSatisfy { state.matrices[index].meetsTime($0.client) }
      let proposed = energy(state.gamma, state.memory)
      let rise = proposed - current
      if isFeasible, rise <= 0 || generator.unit() < exp(-rise / temperature) {
        current = proposed
        if goal.accepts(state), best.map({ goal.isBetter(state, $0) }) ?? true {
          best = FoundCycle(state)
        }
      } else {
        for flip in flips.reversed() { state.flip(index, flip.client, flip.unit) }
      }
    }
    return best.flatMap { found in
      // Figures free of rounding that added up; they decide whether the limits hold.
      let exact = FoundCycle(CycleState(start.space, rows: found.rows))
      return goal.accepts(gamma: exact.gamma, memory: exact.memory) ? exact : nil
    }
  }

  /// Draws a move that keeps capacities and counts; none when the draw does not fit.
  private mutating func propose(_ cycle: CycleState, _ index: Int, _ flips: inout [Flip]) {
    let state = cycle.matrices[index]
    let clients = cycle.space.clientCount
    let units = cycle.space.unitCount
    let client = generator.index(below: clients)
    let unit = generator.index(below: units)
    switch generator.index(below: 4) {
    case 0:
      if state.isOn[client][unit] {
        if state.mayRemove(client, unit), canSpare(cycle, index, unit) {
          flips.append(Flip(client: client, unit: unit))
        }
      } else if state.mayAdd(client, unit) {
        start(cycle, index, unit, at: client, &flips)
      }
    case 1:
      let other = generator.index(below: units)
      guard state.isOn[client][unit], !state.isOn[client][other],
        state.mayRemove(client, unit, replaced: true), canSpare(cycle, index, unit),
        state.mayAdd(client, other, freed: cycle.space.resident[client][unit]),
        state.coverage[other] >= cycle.space.minimumClients || cycle.space.minimumClients <= 1
      else { return }
      flips.append(Flip(client: client, unit: unit))
      flips.append(Flip(client: client, unit: other))
    case 2:
      let other = generator.index(below: clients)
      guard state.isOn[client][unit], state.mayRemove(client, unit), state.mayAdd(other, unit)
      else { return }
      // Added first, so that the unit never stands without a client.
      flips.append(Flip(client: other, unit: unit))
      flips.append(Flip(client: client, unit: unit))
    default:
      let second = generator.index(below: clients)
      let other = generator.index(below: units)
      guard state.isOn[client][unit], !state.isOn[client][other], state.isOn[second][other],
        !state.isOn[second][unit], state.mayRemove(client, unit, replaced: true),
        state.mayRemove(second, other, replaced: true),
        state.mayAdd(client, other, freed: cycle.space.resident[client][unit]),
        state.mayAdd(second, unit, freed: cycle.space.resident[second][other])
      else { return }
      flips.append(Flip(client: client, unit: other))
      flips.append(Flip(client: second, unit: unit))
      flips.append(Flip(client: client, unit: unit))
      flips.append(Flip(client: second, unit: other))
    }
  }

  /// Whether a unit can lose a client: it keeps its minimum, or it may rest in this matrix.
  private func canSpare(_ cycle: CycleState, _ index: Int, _ unit: Int) -> Bool {
    let coverage = cycle.matrices[index].coverage[unit]
    if coverage > cycle.space.minimumClients { return true }
    return cycle.space.allowsResting && coverage == 1 && cycle.trainedCount(unit) > leastTrained
  }

  /// Adds a client to a unit; one that rests needs its minimum of clients at once.
  private mutating func start(
    _ cycle: CycleState, _ index: Int, _ unit: Int, at client: Int, _ flips: inout [Flip]
  ) {
    flips.append(Flip(client: client, unit: unit))
    let state = cycle.matrices[index]
    guard state.coverage[unit] == 0 else { return }
    let clients = cycle.space.clientCount
    let offset = generator.index(below: clients)
    for step in 0..<clients where flips.count < cycle.space.minimumClients {
      let other = (offset + step) % clients
      if other != client, state.mayAdd(other, unit) {
        flips.append(Flip(client: other, unit: unit))
      }
    }
    if flips.count < cycle.space.minimumClients { flips.removeAll() }
  }
}

/// What annealing makes smaller: the objective in units of the start, limits as penalties.
private struct Energy {
  let goal: SearchGoal
  let gammaScale: Double
  let memoryScale: Double

  init(goal: SearchGoal, start: CycleState) {
    self.goal = goal
    gammaScale = max(abs(start.gamma), .leastNormalMagnitude)
    memoryScale = max(abs(start.memory), 1)
  }

  func callAsFunction(_ gamma: Double, _ memory: Double) -> Double {
    var energy =
      goal.objective == .gamma
      ? gamma / gammaScale : memory / memoryScale + 1e-3 * gamma / gammaScale
    if gamma > goal.gammaLimit { energy += 5 * (gamma / goal.gammaLimit - 1) + 1e-3 }
    if memory > goal.memoryLimit { energy += 5 * (memory / goal.memoryLimit - 1) + 1e-3 }
    return energy
  }
}
