/// A cycle of assignments under search, one for a fixed plan.
struct CycleState: Sendable {
  let space: SearchSpace
  private(set) var matrices: [SearchState]
  /// Gamma of the cycle.
  private(set) var gamma: Double
  /// Peak bytes of every client over the cycle, summed, the fixed ones included.
  private(set) var memory: Double
  private var drift: RotationDrift?

  /// The cycle with these rows. [cycle][clients, units]
  init(_ space: SearchSpace, rows: [[[Bool]]]) {
    self.space = space
    matrices = rows.map { SearchState(space, rows: $0) }
    gamma = 0
    memory = 0
    refresh()
  }

  /// Matrices.
  var length: Int { matrices.count }

  /// The rows. [cycle][clients, units]
  var rows: [[[Bool]]] { matrices.map(\.isOn) }

  /// Takes all figures anew, free of what rounding added up.
  mutating func refresh() {
    for index in matrices.indices { matrices[index].refresh() }
    if length > 1, space.biasWeight != 1 {
      var drift = RotationDrift(space, length: length)
      for block in 0..<space.model.blockCount {
        for matrix in matrices { drift.count(matrix.assignment, block, sign: 1) }
        drift.update(block)
      }
      self.drift = drift
    }
    gamma = matrices.reduce(0) { $0 + $1.gamma } / Double(length) + (drift?.value ?? 0)
    memory = measuredMemory
  }

  private var measuredMemory: Double {
    if length == 1 { return matrices[0].memory }
    return (0..<space.clientCount).reduce(space.fixedBytes) { sum, client in
      sum + peak(client)
    }
  }

  private func peak(_ client: Int) -> Double {
    matrices.reduce(0) { max($0, $1.load[client]) }
  }

  /// Flips a unit of a client in one matrix.
  mutating func flip(_ index: Int, _ client: Int, _ unit: Int) {
    let change = matrices[index].change(client, unit)
    let before = matrices[index].memory
    let peakBefore = length > 1 ? peak(client) : 0
    if drift != nil {
      for block in space.units[unit] {
        gamma -= drift?.cost(block) ?? 0
        drift?.count(matrices[index].assignment, block, sign: -1)
      }
    }
    matrices[index].flip(client, unit, change: change)
    if drift != nil {
      for block in space.units[unit] {
        drift?.count(matrices[index].assignment, block, sign: 1)
        drift?.update(block)
        gamma += drift?.cost(block) ?? 0
      }
    }
    gamma += change / Double(length)
    memory += length > 1 ? peak(client) - peakBefore : matrices[index].memory - before
  }

  /// In how many matrices a unit is trained.
  func trainedCount(_ unit: Int) -> Int { matrices.count { $0.coverage[unit] > 0 } }

  /// Seconds of every client's slowest round. [clients]
  var seconds: [Double] {
    (0..<space.clientCount).map { client in
      matrices.reduce(0) { slowest, matrix in
        max(
          slowest,
          space.seconds(client, matrix.isOn[client].indices.filter { matrix.isOn[client][$0] }))
      }
    }
  }
}
