import ZorBADiagnostics

/// A cycle of activation matrices that rotate round by round.
///
/// Under a fixed assignment the bias of a block never averages out; rotating lets every client's
/// share of every block approach its weight. A fixed assignment is a cycle of one.
public struct ActivationPlan: Sendable, Hashable {
  /// The matrices, in order of use; never empty, all of one size.
  public let cycle: [ActivationMatrix]
  /// Rounds each matrix stays in force before the next one takes over.
  public let window: Int
  /// The first round that follows this plan, from 1: the cycle begins there.
  public let firstRound: Int

  /// Creates a plan from matrices of one size.
  public init(cycle: [ActivationMatrix], window: Int = 1, firstRound: Int = 1) {
    precondition(!cycle.isEmpty && window >= 1 && firstRound >= 1)
    precondition(
      cycle.allSatisfy {
        $0.clientCount == cycle[0].clientCount && $0.blockCount == cycle[0].blockCount
      })
    self.cycle = cycle
    self.window = window
    self.firstRound = firstRound
  }

  /// A plan that never changes.
  public init(fixed matrix: ActivationMatrix) { self.init(cycle: [matrix]) }

  /// Clients, the rows of every matrix.
  public var clientCount: Int { cycle[0].clientCount }
  /// Transformer blocks, the columns of every matrix.
  public var blockCount: Int { cycle[0].blockCount }

  /// The same cycle, beginning at another round.
  public func starting(at round: Int) -> ActivationPlan {
    ActivationPlan(cycle: cycle, window: window, firstRound: round)
  }

  /// The matrix in force in a round, rounds counted from 1.
  public func matrix(round: Int) -> ActivationMatrix {
    cycle[(max(round, firstRound) - firstRound) / window % cycle.count]
  }

  /// How often each client has each block active over the cycle, 0 to 1, [clients, blocks].
  public var activeShare: [[Double]] {
    (0..<clientCount).map { client in
      (0..<blockCount).map { block in
        Double(cycle.count { $0.rows[client][block] }) / Double(cycle.count)
      }
    }
  }

  /// Clients that no matrix of the cycle gives a block, ascending.
  public var idleClients: [Int] {
    (0..<clientCount).filter { client in cycle.allSatisfy { $0.isResting(client) } }
  }

  /// Checks that at least `minimum` clients have each block active in a share of the matrices.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the blocks that fall short.
  public func requireCoverage(atLeast minimum: Int, share: Double = 1) throws {
    guard share < 1 else {
      for matrix in cycle { try matrix.requireCoverage(atLeast: minimum) }
      return
    }
    let coverage = cycle.map(\.coverage)
    // Shares are given in decimal: a third of three matrices is one.
    let needed = (share * Double(cycle.count) - 1e-9).rounded(.up)
    let short = (0..<blockCount).filter { block in
      Double(coverage.count { $0[block] >= minimum }) < needed
    }
    guard !short.isEmpty else { return }
    throw ZorBAError(
      .invalidConfiguration,
      "blocks \(short.map { "\($0 + 1)" }.joined(separator: ", ")) have \(minimum) clients in fewer "
        + "than \(Int(needed)) of \(cycle.count) matrices",
      at: .init(field: "blocks.minimum_share"),
      advice: "Lower blocks.minimum_share or blocks.min_clients, or let clients train more.")
  }

  /// Checks that every client trains something at some time.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the clients that never do.
  public func requireWork() throws {
    let idle = idleClients.map { "\($0 + 1)" }
    guard !idle.isEmpty else { return }
    throw ZorBAError(
      .invalidConfiguration,
      "the plan never gives a block to client\(idle.count == 1 ? "" : "s") "
        + idle.joined(separator: ", "), at: .init(field: "blocks"),
      advice: "Give every client a block in some round, or leave it out of the federation.")
  }
}

extension ActivationPlan {
  /// Who is asked in a round: a share of all clients is drawn first, then those that rest in this
  /// round are taken out of it. If all of them rest, the same share is drawn of the clients that
  /// train, so that every round has somebody to ask and no round is skipped.
  ///
  /// - Returns: Clients, ascending; never empty.
  public func participants(
    round: Int, share: Double, using generator: inout some RandomNumberGenerator
  ) -> [Int] {
    let matrix = matrix(round: round)
    let drawn = Participation.draw(share: share, clients: clientCount, using: &generator)
      .filter { !matrix.isResting($0) }
    guard drawn.isEmpty else { return drawn }
    let training = (0..<clientCount).filter { !matrix.isResting($0) }
    return Participation.draw(share: share, clients: training.count, using: &generator)
      .map { training[$0] }
  }
}
