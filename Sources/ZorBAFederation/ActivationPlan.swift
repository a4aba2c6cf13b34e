/// A cycle of activation matrices that rotate round by round.
///
/// Under a fixed assignment the bias of a block never averages out; rotating lets every client's
/// share of every block approach its weight. A fixed assignment is a cycle of one.
public struct ActivationPlan: Sendable, Hashable {
  /// The matrices, in order of use; never empty, all of one size.
  public let cycle: [ActivationMatrix]
  /// Rounds each matrix stays in force before the next one takes over.
  public let window: Int

  /// Creates a plan from matrices of one size.
  public init(cycle: [ActivationMatrix], window: Int = 1) {
    precondition(!cycle.isEmpty && window >= 1)
    precondition(
      cycle.allSatisfy {
        $0.clientCount == cycle[0].clientCount && $0.blockCount == cycle[0].blockCount
      })
    self.cycle = cycle
    self.window = window
  }

  /// A plan that never changes.
  public init(fixed matrix: ActivationMatrix) { self.init(cycle: [matrix]) }

  /// The matrix in force in a round, rounds counted from 1.
  public func matrix(round: Int) -> ActivationMatrix {
    cycle[(max(round, 1) - 1) / window % cycle.count]
  }

  /// How often each client has each block active over the cycle, 0 to 1, [clients, blocks].
  public var activeShare: [[Double]] {
    (0..<cycle[0].clientCount).map { client in
      (0..<cycle[0].blockCount).map { block in
        Double(cycle.count { $0.rows[client][block] }) / Double(cycle.count)
      }
    }
  }
}
