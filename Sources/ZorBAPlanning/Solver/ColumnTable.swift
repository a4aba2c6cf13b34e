/// Costs of columns, listed by their clients as bits: bit i is the i-th client of the search.
///
/// phi_o of two columns depends on the clients they share only, so the cost of a pair of units is
/// A_u[c] phi_v[c & c'] + A_v[c'] phi_u[c & c'], with A = lambda d / (P N^2).
struct ColumnTable {
  let masks: Int
  /// Units in search order.
  private let units: [Int]
  /// Cost by itself; infinite where the column may not be. [units][masks]
  let alone: [[Double]]
  /// A. [units][masks]
  private let factor: [[Double]]
  /// phi, summed over the unit's blocks. [units][masks]
  private let overlap: [[Double]]
  private let resident: [[Double]]  // [units][positions]

  init(_ space: SearchSpace, units: [Int], clients: [Int]) {
    let constants = AssignmentState.Constants(space.model, biasWeight: space.biasWeight)
    let masks = 1 << clients.count
    self.masks = masks
    self.units = units
    let width = constants.energy.count
    func sums(_ value: (Int) -> Double) -> [Double] {
      var sums = [Double](repeating: 0, count: masks)
      for mask in 1..<masks {
        let low = mask.trailingZeroBitCount
        sums[mask] = sums[mask & (mask - 1)] + value(clients[low])
      }
      return sums
    }
    let first = sums { constants.weights[$0] }
    let second = sums { constants.weights[$0] * constants.weights[$0] }
    overlap = units.map { unit in
      var total = [Double](repeating: 0, count: masks)
      for block in space.units[unit] {
        let noise = sums {
          constants.weights[$0] * constants.weights[$0] * constants.noise[$0 * width + block]
        }
        for mask in 0..<masks {
          let s1 = first[mask]
          total[mask] +=
            constants.isShared
            ? s1 * s1 * constants.quadratic[block] + constants.spread[block] * second[mask]
              * (1 - 2 * s1) + noise[mask] : noise[mask]
        }
      }
      return total
    }
    factor = units.map { unit in
      let scale = space.units[unit].reduce(0) { $0 + constants.scale[$1] }
      return first.map { $0 > 0 ? scale / ($0 * $0) : 0 }
    }
    alone = units.map { unit in
      let cost = ColumnCost(space, unit: unit)
      let allowed = clients.enumerated().reduce(0) { mask, entry in
        space.isAllowed[entry.element][unit] ? mask | 1 << entry.offset : mask
      }
      return (0..<masks).map { mask in
        if mask & ~allowed != 0 { return .infinity }
        if mask == 0 { return space.allowsResting ? cost.restingCost : .infinity }
        if mask.nonzeroBitCount < space.minimumClients { return .infinity }
        return cost.cost(
          clients.indices.lazy.filter { mask >> $0 & 1 == 1 }.map { (1.0, clients[$0]) })
      }
    }
    resident = units.map { unit in clients.map { space.resident[$0][unit] } }
  }

  /// Clients that still have room for each unit from a depth on, as masks.
  func fitting(depth: Int, room: [Double]) -> [Int] {
    units.indices.dropFirst(depth).map { index in
      var mask = 0
      for position in room.indices where resident[index][position] <= room[position] {
        mask |= 1 << position
      }
      return mask
    }
  }

  /// Costs of the open units' columns once the unit of a depth has a column. [units - 1][masks]
  func extended(_ costs: [[Double]], depth: Int, mask: Int) -> [[Double]] {
    guard mask != 0 else { return Array(costs.dropFirst()) }
    let mine = factor[depth][mask]
    return (1..<costs.count).map { index in
      let unit = depth + index
      var next = costs[index]
      next.withUnsafeMutableBufferPointer { next in
        overlap[unit].withUnsafeBufferPointer { theirs in
          overlap[depth].withUnsafeBufferPointer { ours in
            factor[unit].withUnsafeBufferPointer { factor in
              for column in 0..<next.count {
                let common = column & mask
                next[column] += mine * theirs[common] + factor[column] * ours[common]
              }
            }
          }
        }
      }
      return next
    }
  }
}
