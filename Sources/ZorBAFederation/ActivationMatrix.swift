import ZorBADiagnostics

/// Which client trains which transformer blocks: the matrix A of the method, [clients, blocks].
public struct ActivationMatrix: Sendable, Hashable {
  /// One row a client; `true` where the client perturbs and estimates the block.
  public let rows: [[Bool]]

  /// Clients, the rows.
  public var clientCount: Int { rows.count }
  /// Transformer blocks, the columns.
  public var blockCount: Int { rows.first?.count ?? 0 }

  /// Checks that the rows form a matrix in which every client has something to do.
  ///
  /// - Parameters:
  ///   - rows: One row a client, one entry a block.
  ///   - mayRest: Whether rows may be empty: a client may rest while another matrix of its cycle is
  ///     in force. Somebody has to train something even then.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the row at fault.
  public init(rows: [[Bool]], mayRest: Bool = false) throws {
    guard let first = rows.first, !first.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "an activation matrix needs at least one client and one block",
        at: .init(field: "blocks"))
    }
    for (client, row) in rows.enumerated() {
      guard row.count == first.count else {
        throw ZorBAError(
          .invalidConfiguration,
          "row \(client + 1) of the activation matrix has \(row.count) blocks, row 1 has \(first.count)",
          at: .init(field: "blocks"), advice: "Give every client one entry a block.")
      }
      guard mayRest || row.contains(true) else {
        throw ZorBAError(
          .invalidConfiguration, "client \(client + 1) has no active block",
          at: .init(field: "blocks"),
          advice: "Give it at least one block, or leave the client out of the federation.")
      }
    }
    guard rows.contains(where: { $0.contains(true) }) else {
      throw ZorBAError(
        .invalidConfiguration, "no client has an active block", at: .init(field: "blocks"),
        advice: "Give at least one client a block in every matrix of the plan.")
    }
    self.rows = rows
  }

  /// Every client trains every block.
  public static func full(clients: Int, blocks: Int) throws -> ActivationMatrix {
    let row = Array(repeating: true, count: blocks)
    return try ActivationMatrix(rows: Array(repeating: row, count: clients))
  }

  /// Whether a client trains nothing while this matrix is in force.
  public func isResting(_ client: Int) -> Bool { !rows[client].contains(true) }

  /// The blocks of one client, ascending.
  public func activeBlocks(of client: Int) -> [Int] {
    rows[client].indices.filter { rows[client][$0] }
  }

  /// How many clients have each block active: n_b.
  public var coverage: [Int] {
    (0..<blockCount).map { block in rows.count { $0[block] } }
  }

  /// Checks that at least `minimum` clients have each block active.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the blocks that fall short,
  ///   counted from 1 as transformer blocks are everywhere.
  public func requireCoverage(atLeast minimum: Int) throws {
    let coverage = coverage
    let short = coverage.indices.filter { coverage[$0] < minimum }.map { $0 + 1 }
    guard !short.isEmpty else { return }
    throw ZorBAError(
      .invalidConfiguration,
      "blocks \(short.map(String.init).joined(separator: ", ")) are active at fewer than \(minimum) clients",
      at: .init(field: "blocks.min_clients"),
      advice: "Raise the clients' shares of blocks or lower blocks.min_clients.")
  }
}
