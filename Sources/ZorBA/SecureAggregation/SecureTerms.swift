import ZorBADiagnostics
package import ZorBAFederation
import ZorBAOptimization
package import ZorBASecureAggregation

/// What everyone knows of the secure aggregation of a run: its sessions, and how answers become words.
///
/// Coordinator and sites derive it from the journal's header and the plan, so that neither can be told
/// anything else by the other.
package struct SecureTerms: Sendable {
  /// The words of a site's vector: scalars, weight, weighted loss.
  package let vectorLength: Int
  /// The smallest group of which a sum may be learnt.
  package var minimumGroup: Int { options.minimumGroup }

  private let federation: String
  private let run: String
  private let agreed: [UInt8]
  private let options: SecureAggregationConfiguration
  private let weights: ClientWeighting
  private let scalarCount: Int

  /// Examples of a site beyond these do not count: a bound on every weight is what keeps sums from
  /// overflowing.
  package static let mostExamples = 1 << 20

  /// - Parameters:
  ///   - federation: The name in the certificates.
  ///   - run: The name of the run.
  ///   - epoch: Numbers the stretches of the run in which no attempt comes twice.
  ///   - agreed: What all members of a session must see alike; see ``agreed(header:chain:)``.
  package init(
    _ configuration: RunConfiguration, federation: String, run: String, epoch: UInt64,
    agreed: [UInt8]
  ) {
    self.federation = federation
    self.run = Self.stretch(of: run, epoch: epoch)
    self.agreed = agreed
    options = configuration.secureAggregation
    weights = configuration.federation.weights
    scalarCount = configuration.method.localSteps * configuration.method.directions
    vectorLength = scalarCount + 2
  }

  /// The run and its history, as its members must see them alike.
  ///
  /// Without the history a coordinator could show sites different weights, and then tell their answers
  /// apart in the sum (Pasquini, Francati and Ateniese, 2022).
  ///
  /// - Parameters:
  ///   - header: The digest of the payload of the journal's header.
  ///   - chain: The journal's chain value before the round, hexadecimal.
  package static func agreed(header: [UInt8], chain: String) -> [UInt8] {
    header + Array(chain.utf8)
  }

  /// What sessions call the run in one stretch of it. Names of runs have no '@'.
  package static func stretch(of run: String, epoch: UInt64) -> String { "\(run)@\(epoch)" }

  /// The session of a group in an attempt at a round.
  ///
  /// - Parameter members: The clients asked that train the same blocks, from 0, ascending.
  /// - Throws: `ZorBAError` where the group is too small or no session.
  package func session(
    _ ticket: RoundCoordinator.Ticket, members: [Int]
  ) throws -> SecureSession {
    try SecureSession(
      federation: federation, run: run, header: agreed, round: ticket.round,
      attempt: ticket.attempt, members: members, vectorLength: vectorLength,
      parameters: .choose(
        members: members.count, adversaryShare: options.adversaryShare,
        dropoutShare: options.dropoutShare, minimum: options.minimumGroup))
  }

  /// A site's answer as words to be added up.
  ///
  /// - Parameters:
  ///   - examples: The site's training rows, its weight.
  ///   - members: The clients of the session.
  /// - Throws: `ZorBAError` with code `diverged` for an answer that is not finite: within a sum nobody
  ///   could tell it from the others.
  package func vector(
    scalars: [Float], loss: Double, examples: Int, members: Int
  ) throws -> [UInt64] {
    guard scalars.count == scalarCount else {
      throw ZorBAError(
        .invalidData, "\(scalars.count) scalars are none of the run's \(scalarCount)",
        at: .init(field: "scalars"))
    }
    guard loss.isFinite, scalars.allSatisfy(\.isFinite) else {
      throw ZorBAError(
        .diverged, "a scalar or the loss is not finite, which a sum would hide",
        advice: "Lower the learning rate or the perturbation scale.")
    }
    return try fixedPoint(members: members).vector(
      scalars: scalars.lazy.map(Double.init), weight: weight(examples: examples), loss: loss)
  }

  /// What a finished session told.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` for sums that no honest answers have.
  package func sum(
    of result: SecureAggregationResult, members: Int
  ) throws -> GroupSum {
    let sum = try fixedPoint(members: members).decode(sum: result.sum)
    guard sum.weight > 0, sum.scalars.count == scalarCount else {
      throw ZorBAError(
        .invalidData, "the weights of a group add up to \(sum.weight)",
        advice: "A member adds something else than it agreed to; try without it.")
    }
    return GroupSum(
      members: result.survivors, scalars: sum.scalars, weight: sum.weight, loss: sum.loss)
  }

  /// At most 1, so that a group's weights add up to no more than its members.
  private func weight(examples: Int) -> Double {
    switch weights {
    case .uniform: 1
    case .examples:
      Double(min(max(examples, 1), Self.mostExamples)) / Double(Self.mostExamples)
    }
  }

  private func fixedPoint(members: Int) throws -> FixedPoint {
    try FixedPoint(clip: options.clip, totalWeight: Double(members), members: members)
  }
}
