import ZorBAFederation
import ZorBAOptimization

/// What a round's messages must carry at least, without framing: the floor a transport is held to.
enum WirePayload {
  /// Up: the scalars in binary32, the example count and the mean loss.
  static func bytes(of report: RoundCoordinator.Report) -> Int {
    4 * report.scalars.reduce(0) { $0 + $1.count } + 4 + 4
  }

  /// Down, to each client: the coefficients in binary32, plus a round number.
  static func bytes(of round: CommittedRound) -> Int {
    let values =
      switch round.coefficients {
      case .shared(let blocks): blocks.reduce(0) { $0 + $1.values.count }
      case .perClient(let clients):
        clients.reduce(0) { $0 + $1.blocks.reduce(0) { $0 + $1.values.count } }
      }
    return 4 * values + 4
  }
}
