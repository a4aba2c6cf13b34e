import ZorBADiagnostics

/// Plans of some of a federation's clients.
extension ActivationPlan {
  /// The plan with its rows given to these clients, and empty rows for all others.
  ///
  /// - Parameters:
  ///   - members: A client for every row, distinct and below `clients`.
  ///   - clients: Rows of the result.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when nobody is left to train.
  public func spread(over members: [Int], clients: Int) throws -> ActivationPlan {
    precondition(members.count == clientCount && Set(members).count == members.count)
    precondition(members.allSatisfy((0..<clients).contains))
    return try map { rows in
      var spread = Array(repeating: Array(repeating: false, count: blockCount), count: clients)
      for (row, member) in zip(rows, members) { spread[member] = row }
      return spread
    }
  }

  /// The plan without some clients: their rows are empty. Matrices in which nobody would be left
  /// fall out of the cycle.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when nobody is left to train at all.
  public func without(_ clients: Set<Int>) throws -> ActivationPlan {
    try map { rows in
      rows.enumerated().map { client, row in
        clients.contains(client) ? Array(repeating: false, count: row.count) : row
      }
    }
  }

  private func map(_ change: ([[Bool]]) -> [[Bool]]) throws -> ActivationPlan {
    let cycle = try cycle.map { change($0.rows) }
      .filter { $0.contains { $0.contains(true) } }
      .map { try ActivationMatrix(rows: $0, mayRest: true) }
    guard !cycle.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "nobody is left who trains anything", at: .init(field: "blocks"),
        advice: "Wait for clients to join, or stop the run.")
    }
    return ActivationPlan(cycle: cycle, window: window, firstRound: firstRound)
  }
}
