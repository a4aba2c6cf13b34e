import ZorBADiagnostics

/// Clients put into groups that train the same blocks, each of at least so many.
///
/// Capacities are brought into an order by what a client can train. Among partitions of a given number
/// of groups, one into stretches of that order trains most: a group trains what its weakest member
/// can, and exchanging two clients so that groups stop overlapping in the order lowers no group's
/// weakest member. So partitions are searched among stretches, and among them exactly, by dynamic
/// programming over
///
///     best(g, i) = max_{j <= i - m} best(g - 1, j) + (i - j) * capacity of the weakest in j ..< i
package struct ClientPartition: Sendable, Equatable {
  /// Clients by group, each ascending, groups in the order of their first clients.
  package let groups: [[Int]]

  /// For every possible number of groups the partition in which clients train most, fewest groups
  /// first.
  ///
  /// - Parameters:
  ///   - capacities: What each client can train, in one unit. [clients]
  ///   - minimum: Clients of a group at least.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when there are too few clients for one
  ///   group.
  package static func candidates(
    capacities: [Double], minimum: Int
  ) throws -> [ClientPartition] {
    precondition(minimum >= 1)
    let count = capacities.count
    guard count >= minimum else {
      throw ZorBAError(
        .invalidConfiguration,
        "\(count) clients cannot form a group of \(minimum) that train the same blocks",
        at: .init(field: "secure_aggregation.minimum_group"),
        advice: "Wait for more sites, or set secure_aggregation to off.")
    }
    // The most able first, so that the weakest of a stretch is its last.
    let order = capacities.indices.sorted {
      capacities[$0] != capacities[$1] ? capacities[$0] > capacities[$1] : $0 < $1
    }
    let sorted = order.map { capacities[$0] }
    var best = [[Double?]](repeating: Array(repeating: nil, count: count + 1), count: 1)
    best[0][0] = 0
    var cuts: [[Int]] = [Array(repeating: 0, count: count + 1)]
    var partitions: [ClientPartition] = []
    for groups in 1...max(1, min(count / minimum, mostGroups)) {
      var row = [Double?](repeating: nil, count: count + 1)
      var cut = Array(repeating: 0, count: count + 1)
      for end in stride(from: groups * minimum, through: count, by: 1) {
        for start in (groups - 1) * minimum...(end - minimum) {
          guard let before = best[groups - 1][start] else { continue }
          let value = before + Double(end - start) * sorted[end - 1]
          if row[end].map({ value > $0 }) ?? true { (row[end], cut[end]) = (value, start) }
        }
      }
      best.append(row)
      cuts.append(cut)
      guard row[count] != nil else { continue }
      var stretches: [[Int]] = []
      var end = count
      for group in stride(from: groups, through: 1, by: -1) {
        let start = cuts[group][end]
        stretches.append(order[start..<end].sorted())
        end = start
      }
      partitions.append(
        ClientPartition(groups: stretches.sorted { ($0.first ?? 0) < ($1.first ?? 0) }))
    }
    return partitions
  }

  /// Beyond so many groups finer partitions are not looked at: the search is cubic.
  private static let mostGroups = 64
}
