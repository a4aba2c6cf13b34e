import ZorBA
import ZorBADiagnostics

/// What the updates of a round came to, worked out away from the run's actor.
struct DenseClosing: Sendable {
  /// Nil when no update can be used.
  let committed: DenseServer.Closing?
  /// Updates that cannot be used, and why, as a clause; ascending by client.
  let faults: [(client: Int, fault: String)]

  /// - Parameter answers: Ascending by client.
  /// - Throws: As `DenseServer.close`.
  init(
    of answers: [DenseServer.Answer], round: Int, learningRate: Double, server: DenseServer
  ) throws {
    var faults: [(client: Int, fault: String)] = []
    var usable: [DenseServer.Answer] = []
    for answer in answers {
      if let fault = try server.fault(of: answer) {
        faults.append((answer.client, fault))
      } else {
        usable.append(answer)
      }
    }
    self.faults = faults
    committed =
      usable.isEmpty
      ? nil : try server.close(usable, round: round, learningRate: learningRate)
  }
}
