import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAJournal

/// A plan as the journal keeps it: clients and transformer blocks count from 1, block 0 is the outer
/// one, and a client that rests has no row.
extension PlanRecord {
  /// - Parameter outer: Whether the outer block is trained, by everyone who trains anything.
  package init(_ plan: ActivationPlan, outer: Bool) {
    self.init(
      firstRound: UInt64(plan.firstRound),
      window: plan.cycle.count == 1 ? 1 : UInt64(plan.window),
      cycle: plan.cycle.map { matrix in
        (0..<matrix.clientCount).filter { !matrix.isResting($0) }.map { client in
          Row(
            client: UInt32(client + 1),
            blocks: (outer ? [0] : []) + matrix.activeBlocks(of: client).map { $0 + 1 })
        }
      })
  }

  /// Matrix entries that a plan may unfold to: what a journal of a few bytes can promise is bounded.
  private static let maximumEntries = 1 << 28

  /// The plan of a federation of this size.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when it names other clients or blocks.
  func plan(clients: Int, blocks: Int) throws -> ActivationPlan {
    guard clients > 0, blocks > 0 else {
      throw Self.fault("is for \(clients) clients and \(blocks) blocks")
    }
    guard let first = Int(exactly: firstRound), let window = Int(exactly: window) else {
      throw Self.fault("begins at round \(firstRound)")
    }
    let distinct = Set(cycle)
    let (entries, overflow) = (clients * blocks).multipliedReportingOverflow(by: distinct.count)
    guard !overflow, entries <= Self.maximumEntries else {
      throw Self.fault("has \(distinct.count) different matrices of \(clients) clients")
    }
    // Equal matrices share their rows: older journals repeat one for every round of its window.
    var matrices: [[Row]: ActivationMatrix] = [:]
    for rows in distinct {
      matrices[rows] = try Self.matrix(rows, clients: clients, blocks: blocks)
    }
    return ActivationPlan(
      cycle: cycle.compactMap { matrices[$0] }, window: window, firstRound: first)
  }

  private static func matrix(
    _ rows: [Row], clients: Int, blocks: Int
  ) throws -> ActivationMatrix {
    var flags = Array(repeating: Array(repeating: false, count: blocks), count: clients)
    for row in rows {
      guard row.client >= 1, Int(row.client) <= clients else {
        throw fault("names client \(row.client) of \(clients)")
      }
      for block in row.blocks where block > 0 {
        guard block <= blocks else { throw fault("names block \(block) of \(blocks)") }
        flags[Int(row.client) - 1][block - 1] = true
      }
    }
    do {
      return try ActivationMatrix(rows: flags, mayRest: true)
    } catch {
      throw fault("has a matrix in which nobody trains a transformer block")
    }
  }

  private static func fault(_ clause: String) -> ZorBAError {
    ZorBAError(
      .invalidJournal, "a plan in the journal \(clause)",
      advice: "Branch from a round before that plan, or restore the journal from a copy.")
  }
}

extension ActivationTimeline {
  /// The plans of a journal, in its order; nil when it has none.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when they do not fit the federation.
  package init?(_ records: [PlanRecord], clients: Int, blocks: Int) throws {
    guard let first = records.first else { return nil }
    self.init(try first.plan(clients: clients, blocks: blocks))
    for record in records.dropFirst() {
      adopt(try record.plan(clients: clients, blocks: blocks))
    }
  }
}
