/// A cycle to start from when blocks may rest: every matrix covers what fits, those first that have
/// rested most.
struct RestingStart {
  /// [cycle][clients, units]; nil when a unit cannot be trained as often as it must.
  static func rows(_ space: SearchSpace, length: Int, leastTrained: Int) -> [[[Bool]]]? {
    var trained = Array(repeating: 0, count: space.unitCount)
    var cycle: [[[Bool]]] = []
    for _ in 0..<length {
      let priority = trained.indices.sorted { (trained[$0], $0) < (trained[$1], $1) }
      let coverage = Coverage(space, priority: priority)
      guard coverage.impossible.isEmpty, coverage.idle.isEmpty else { return nil }
      cycle.append(coverage.rows)
      for unit in trained.indices where coverage.rows.contains(where: { $0[unit] }) {
        trained[unit] += 1
      }
    }
    return trained.allSatisfy { $0 >= leastTrained } ? cycle : nil
  }
}
