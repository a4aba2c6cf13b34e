import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBASecureAggregation
import ZorBASitePolicy

/// What a round of a run with secure aggregation asks of the site, from the site's own copy of the
/// journal.
struct SecureOutline: Sendable {
  /// The run, as the journal describes it by now.
  var configuration: RunConfiguration
  /// The sites asked that train the same blocks, from 0, ascending, this one among them.
  var members: [Int]
  /// This site, from 0.
  var member: Int
  /// The journal's chain value before the round: sites that were shown other histories share no
  /// session, for sums of answers at unlike weights can be made to tell one of them.
  var state: String

  /// Whether a journaled configuration has secure aggregation on.
  static func isOn(in configuration: JSONValue) -> Bool {
    let key = configuration["secure_aggregation"]
    let on = SecureAggregationConfiguration.Mode.on.rawValue
    return (key?.string ?? key?["mode"]?.string) == on
  }

  /// Reads who is asked of the sites that train the same blocks.
  ///
  /// - Parameters:
  ///   - group: The sites with this one's row of the plan, ascending.
  ///   - bits: One bit each, least significant first; empty for all of them.
  /// - Throws: `ZorBAError` with code `refused` when the bits are none of this group with this site.
  static func members(of group: [Int], bits: [UInt8], member: Int) throws -> [Int] {
    guard !bits.isEmpty else { return group }
    let members = group.enumerated().filter { index, _ in
      bits.indices.contains(index / 8) && bits[index / 8] >> UInt8(index % 8) & 1 == 1
    }.map(\.element)
    guard bits.count == (group.count + 7) / 8,
      bits.reduce(0, { $0 + $1.nonzeroBitCount }) == members.count, members.contains(member)
    else {
      throw ZorBAError(
        .refused,
        "the coordinator asks a group that is none of the \(group.count) sites with these blocks",
        advice: "Tell the operator: coordinator and site disagree about the plan.")
    }
    return members
  }
}

/// The site's part in the secure aggregation of one attempt.
final class SecureParticipation {
  let ticket: RoundCoordinator.Ticket
  private let site: SecureAggregationSite
  private let terms: SecureTerms
  private var hasProvided = false

  /// - Parameter approve: Throws when the sum over these clients, from 0, must not be told.
  init(
    _ ticket: RoundCoordinator.Ticket, _ outline: SecureOutline, terms: SecureTerms,
    signer: any IdentitySigner, verifier: any IdentityVerifier, memory: any SessionMemory,
    approve: @escaping (_ survivors: [Int]) throws -> Void
  ) throws {
    self.ticket = ticket
    self.terms = terms
    site = try SecureAggregationSite(
      session: terms.session(ticket, members: outline.members), member: outline.member,
      signer: signer, verifier: verifier, memory: memory)
    site.approve = approve
  }

  deinit { site.abandon() }

  /// Whether the masked answer has left.
  var hasAnswered: Bool {
    switch site.phase {
    case .masked, .confirmed, .finished: true
    case .idle, .advertised, .shared, .awaitingVector, .refused: false
    }
  }

  /// Whether the session is over for this site, its keys erased.
  var isRefused: Bool { site.phase == .refused }

  func start() throws -> [UInt8] { try site.start() }

  func receive(_ payload: [UInt8]) throws -> [UInt8]? { try site.receive(payload) }

  /// Hands over the answer, once, as far as the policy shares it.
  func provide(_ answer: SiteWork.Answer, share: SharedFields) throws -> [UInt8]? {
    guard !hasProvided else { return nil }
    hasProvided = true
    return try site.provide(
      vector: terms.vector(
        scalars: answer.scalars, loss: share.loss(answer.loss),
        examples: share.examples(answer.rows),
        members: site.session.members.count))
  }
}
