/// The lower bounds that branch and bound uses at every depth.
struct CutFactory {
  let space: SearchSpace
  let classes: ClientClasses
  /// Units in search order.
  let units: [Int]
  /// Clients in search order.
  let order: [Int]
  let table: ColumnTable
  let goal: SearchGoal
  let incumbent: FoundCycle?
  let steps: Int
  let alpha: Double

  /// [depths + 1][cuts]
  func cuts() -> [[ExactSearch.Cut]] {
    (0...units.count).map { depth in
      let open = Array(units[depth...])
      var cuts = [plain(depth: depth)]
      guard open.count > 1 else { return cuts }
      // Gamma alone is bounded node by node (`NodeRelaxation`).
      let isMixed = goal.objective == .memory || goal.memoryLimit.isFinite
      for weighting in isMixed ? mixed() : [] {
        let relaxation = Relaxation(
          space, classes: classes, units: open, weighting: weighting, alpha: alpha)
        let found = relaxation.optimised(steps: steps)
        guard found.value.isFinite else { continue }
        cuts.append(tangent(relaxation, at: found.at, weighting))
      }
      return cuts
    }
  }

  /// Bytes weighed so that they count about as much as Gamma, and a few times more or less.
  private func mixed() -> [Relaxation.Weighting] {
    guard let incumbent, incumbent.memory > 0, incumbent.gamma > 0 else { return [] }
    let active = max(incumbent.memory - space.fixedBytes, incumbent.memory * 1e-3)
    return [0.3, 1, 3].map { .init(gamma: 1, memory: $0 * incumbent.gamma / active) }
  }

  /// Every pair of open units is dropped.
  private func plain(depth: Int) -> ExactSearch.Cut {
    ExactSearch.Cut(
      gamma: 1, memory: 0, constant: 0, price: order.map { _ in 0 },
      values: units[depth...].map { _ in [Double](repeating: 0, count: table.masks) })
  }

  /// The relaxation's contributions, less what a column costs by itself, which nodes carry already.
  private func tangent(
    _ relaxation: Relaxation, at multipliers: Relaxation.Multipliers,
    _ weighting: Relaxation.Weighting
  ) -> ExactSearch.Cut {
    let (constant, values) = relaxation.contributions(at: multipliers)
    var classOf = Array(repeating: 0, count: space.clientCount)
    for (index, one) in classes.classes.enumerated() {
      for member in one.members { classOf[member] = index }
    }
    let strides = classes.strides
    let column = (0..<table.masks).map { mask in
      order.indices.reduce(0) { mask >> $1 & 1 == 1 ? $0 + strides[classOf[order[$1]]] : $0 }
    }
    let depth = units.count - relaxation.units.count
    return ExactSearch.Cut(
      gamma: weighting.gamma, memory: weighting.memory, constant: constant,
      price: order.map { multipliers.room[classOf[$0]] },
      values: values.enumerated().map { index, values in
        let alone = table.alone[depth + index]
        return column.indices.map { mask in
          let value = values[column[mask]]
          return value.isFinite && alone[mask].isFinite
            ? value - weighting.gamma * alone[mask] : .infinity
        }
      })
  }
}
