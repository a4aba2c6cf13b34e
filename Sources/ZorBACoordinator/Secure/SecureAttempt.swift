import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBASecureAggregation

/// The secure aggregation of one attempt at a round: a session a group.
struct SecureAttempt {
  let ticket: RoundCoordinator.Ticket
  var groups: [Group]
  /// The group of a client, by place.
  let places: [Int: Int]
  /// Bytes of the protocol's messages, to and from the coordinator.
  var bytes = (up: 0, down: 0)
  /// The answers that count, once the round was closed.
  var reports: [RoundCoordinator.Report]?

  /// The session of a group.
  struct Group {
    /// Who was asked, ascending.
    let members: [Int]
    var server: SecureAggregationServer
    /// Faults that were told already.
    var toldFaults = 0
    var toldFailure = false

    /// Whether the sum would hold an answer that does not count.
    var isSpoilt = false

    /// Whether there is a result or never will be.
    var isOver: Bool { isSpoilt || server.phase == .finished || server.phase == .failed }

    /// Who can still answer: those that the phase waits for and those that have answered it; nobody where
    /// there will be no sum, so that the round is tried again at once and not at its deadline.
    var alive: Set<Int> {
      server.phase == .failed ? [] : Set(server.awaited).union(server.answered)
    }
  }

  /// - Throws: `ZorBAError` when a group is no session.
  init(
    _ ticket: RoundCoordinator.Ticket, groups: [[Int]], terms: SecureTerms,
    verifier: any IdentityVerifier
  ) throws {
    self.ticket = ticket
    self.groups = try groups.map { members in
      Group(
        members: members,
        server: SecureAggregationServer(
          session: try terms.session(ticket, members: members), verifier: verifier))
    }
    places = Dictionary(
      uniqueKeysWithValues: groups.enumerated().flatMap { place, members in
        members.map { ($0, place) }
      })
  }

  /// Whether every group came to its end.
  var isOver: Bool { groups.allSatisfy(\.isOver) }

  /// Whether a client's masked answer is here.
  func hasAnswer(of client: Int) -> Bool {
    guard let place = places[client] else { return false }
    let server = groups[place].server
    return server.phase == .masking && server.answered.contains(client)
  }
}
