import ZorBADiagnostics

/// Clients that train the same blocks, whose answers may be added up under masks.
///
/// The coordinator learns the sum of a group and nothing else of it. Were sums taken block by block over
/// clients of different rows instead, they would be linear equations of the clients' answers, and with
/// independent rows they give every answer away. With groups every sum that can be formed is one of
/// whole groups, so it hides an answer among at least as many as the smallest group has.
extension ActivationMatrix {
  /// Clients with the same row, ascending, groups in the order of their first clients. Clients that
  /// rest belong to none.
  public var groups: [[Int]] { groups(among: Set(rows.indices)) }

  /// The groups that are left of some clients.
  public func groups(among clients: Set<Int>) -> [[Int]] {
    var order: [[Bool]] = []
    var members: [[Bool]: [Int]] = [:]
    for (client, row) in rows.enumerated() where row.contains(true) && clients.contains(client) {
      if members[row] == nil { order.append(row) }
      members[row, default: []].append(client)
    }
    return order.map { members[$0] ?? [] }
  }

  /// The clients with the same row as one, itself among them, ascending; none where it rests.
  public func group(of client: Int) -> [Int] {
    guard rows.indices.contains(client), !isResting(client) else { return [] }
    return rows.indices.filter { rows[$0] == rows[client] }
  }

  /// Checks that every group has so many clients.
  ///
  /// - Parameter names: What clients are called; missing ones are numbered from 1.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the clients of the smallest group.
  public func requireGroups(ofAtLeast minimum: Int, names: [String] = []) throws {
    guard let small = groups.filter({ $0.count < minimum }).min(by: { $0.count < $1.count }) else {
      return
    }
    let list = small.prefix(20).map { names.indices.contains($0) ? names[$0] : "\($0 + 1)" }
    throw ZorBAError(
      .invalidConfiguration,
      "only \(list.joined(separator: ", ")) train\(small.count == 1 ? "s" : "") just these blocks; "
        + "under secure aggregation \(minimum) clients at least must train the same ones, or the "
        + "sums of blocks give single answers away",
      at: .init(field: "secure_aggregation.minimum_group"),
      advice: "Give other clients the same blocks, let the planner make the groups, or set "
        + "secure_aggregation to off.")
  }
}

extension ActivationPlan {
  /// Checks that in every matrix each group of clients with the same blocks has so many clients.
  ///
  /// - Throws: As `ActivationMatrix.requireGroups`.
  public func requireGroups(ofAtLeast minimum: Int, names: [String] = []) throws {
    for matrix in cycle { try matrix.requireGroups(ofAtLeast: minimum, names: names) }
  }

  /// Whether in every matrix each group of clients with the same blocks has so many clients.
  public func hasGroups(ofAtLeast minimum: Int) -> Bool {
    cycle.allSatisfy { matrix in matrix.groups.allSatisfy { $0.count >= minimum } }
  }
}
