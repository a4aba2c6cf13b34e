package import ZorBAFederation
package import ZorBAOptimization

/// The coordinator's arithmetic of a round: who is asked, what is refused, what is committed.
///
/// It holds neither weights nor a model, so a simulation and a coordinator of real sites commit the
/// same bits. Nothing in it depends on when answers arrive.
package struct RoundEngine: Sendable {
  /// A client of the federation.
  package struct Member: Sendable, Hashable {
    /// What it is called in files and tables.
    package let name: String
    /// p_k up to a common factor; nil while nobody knows it.
    package var weight: Double?
  }

  /// What answers came to.
  package struct Closing: Sendable {
    /// The round to commit; nil when no answer can be used.
    package var committed: CommittedRound?
    /// The answers in it, ascending by client.
    package var accepted: [RoundCoordinator.Report]
    /// The answers that the guard refused, ascending by client.
    package var leftOut: [RoundMetrics.LeftOut]
    /// Why, in words, one sentence for each.
    package var reasons: [String]
  }

  /// The clients, in order.
  package private(set) var members: [Member]
  /// What everyone knows of a round.
  package let terms: RoundTerms

  /// Sites of a group that are asked at least; nil without secure aggregation.
  package let minimumGroup: Int?

  private let federation: FederationConfiguration
  private let runKey: RunKey
  var divergence: DivergenceGuard
  var combination: AnswerCombination

  /// - Parameter members: The clients in order, with p_k up to a common factor; weights may follow
  ///   (`weigh`).
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when a value cannot be used.
  package init(
    configuration: RunConfiguration, runKey: RunKey, members: [(name: String, weight: Double?)]
  ) throws {
    self.members = members.map { Member(name: $0.name, weight: $0.weight) }
    self.runKey = runKey
    terms = try RoundTerms(configuration)
    federation = configuration.federation
    minimumGroup =
      configuration.secureAggregation.isOn ? configuration.secureAggregation.groupToAsk : nil
    divergence = try DivergenceGuard(
      policy: configuration.guardrail.action, multiple: configuration.guardrail.factor)
    combination = AnswerCombination(configuration)
  }

  /// Learns what a client weighs; an unknown client changes nothing.
  package mutating func weigh(_ client: Int, _ weight: Double) {
    guard members.indices.contains(client) else { return }
    members[client].weight = weight
  }

  /// eta of a round.
  package func learningRate(round: Int) -> Double { terms.learningRate(round: round) }

  /// What a client trains in a round, ascending, as `TensorID` counts blocks.
  package func blocks(of client: Int, round: Int, plan: ActivationPlan) -> [Int] {
    terms.blocks(of: client, round: round, plan: plan)
  }

  /// Answers that are needed when so many clients were asked.
  package func quorum(asked: Int) -> Int { federation.quorum(asked: asked) }

  /// Tries at a round.
  package var attempts: Int { federation.sites.isEmpty ? 1 : federation.attempts }
}

// MARK: - Who is asked

extension RoundEngine {
  /// Whom to ask in a round, ascending; empty when nobody who trains is available.
  ///
  /// A share of all clients is drawn, with `over_selection` on top; those that rest or are not
  /// available are taken out. If that leaves nobody, the same share is drawn of those that remain.
  /// Under secure aggregation those are left out of whose group too few were drawn.
  /// Attempt a of round t draws from the stream `participation` at index t + (a - 1) 2^32: runs have
  /// fewer rounds than that, so every attempt has a draw of its own and the first is that of a run
  /// that knows no attempts.
  ///
  /// - Parameters:
  ///   - attempt: From 1.
  ///   - available: The clients that can be asked; nil for all.
  package func participants(
    round: Int, attempt: Int = 1, plan: ActivationPlan, available: Set<Int>? = nil
  ) -> [Int] {
    let index = UInt64(max(round, 0)) &+ UInt64(max(attempt, 1) - 1) &<< 32
    var draw = RunStream.participation.generator(runKey: runKey, index: index)
    let matrix = plan.matrix(round: round)
    let ready = (0..<plan.clientCount).filter {
      !matrix.isResting($0) && available?.contains($0) != false
    }
    guard !ready.isEmpty else { return [] }
    let share = min(1, federation.participation * (1 + federation.overSelection))
    let isReady = Set(ready)
    let drawn = Participation.draw(share: share, clients: plan.clientCount, using: &draw)
      .filter(isReady.contains)
    let asked =
      drawn.isEmpty
      ? Participation.draw(share: share, clients: ready.count, using: &draw).map { ready[$0] }
      : drawn
    return cohort(asked, ready: ready, matrix: matrix)
  }
}

// MARK: - What answers come to

extension RoundEngine {
  /// Judges answers and aggregates those that pass.
  ///
  /// Answers are judged in ascending order of clients, whatever order they came in, and what the
  /// guard learnt from them stays only when the round can be committed. Otherwise nothing has
  /// changed, and the round can be tried again.
  ///
  /// - Throws: `ZorBAError` with code `diverged` when the guard stops the run or a coefficient leaves
  ///   the range of binary32; with code `invalidData` when an answer is none to this round (`fault`)
  ///   or a client has no weight.
  package mutating func close(
    _ reports: [RoundCoordinator.Report], round: Int, plan: ActivationPlan
  ) throws -> Closing {
    var divergence = divergence
    var closing = Closing(committed: nil, accepted: [], leftOut: [], reasons: [])
    for report in reports.sorted(by: { $0.client < $1.client }) {
      if let fault = fault(of: report, round: round, plan: plan) {
        throw Self.refusal(round, report, fault)
      }
      var seen: [Float] = []
      if let reason = Self.judge(report, with: &divergence, seen: &seen) {
        if divergence.policy == .stop {
          throw DivergenceGuard.error(
            round: UInt64(round), client: UInt32(report.client + 1), reason: reason)
        }
        let name = members[report.client].name
        closing.leftOut.append(.init(name: name, scalars: seen))
        closing.reasons.append("round \(round): \(name) is left out: \(reason)")
      } else {
        closing.accepted.append(report)
      }
    }
    guard !closing.accepted.isEmpty else { return closing }
    var results = try closing.accepted.map { try result($0, round: round, plan: plan) }
    combination.weigh(&results, losses: closing.accepted.map { Float($0.loss) })
    var aggregation = terms.aggregation(round: round)
    aggregation.rule = combination.rule(for: results)
    closing.committed = try aggregation.commit(results)
    if let reason = combination.thinBlocks(of: results, round: round) {
      closing.reasons.append(reason)
    }
    combination.learn(results.map(\.scalars))
    self.divergence = divergence
    return closing
  }

  /// What makes an answer none to this round, as a clause; nil when nothing does.
  ///
  /// For whoever takes answers from a network: such an answer is dropped when it arrives.
  package func fault(
    of report: RoundCoordinator.Report, round: Int, plan: ActivationPlan
  ) -> String? {
    guard members.indices.contains(report.client), report.client < plan.clientCount else {
      return "there is no client \(report.client)"
    }
    guard !plan.matrix(round: round).isResting(report.client) else {
      return "the client rests in this round"
    }
    guard report.examples > 0 else { return "it is about \(report.examples) examples" }
    if terms.method.name.isFirstOrder {
      return report.scalars.isEmpty ? nil : "it has scalars; the run's method asks for an update"
    }
    let (steps, directions) = (terms.method.localSteps, terms.method.directions)
    guard report.scalars.count == steps, report.scalars.allSatisfy({ $0.count == directions })
    else {
      return "it has \(report.scalars.reduce(0) { $0 + $1.count }) scalars, not \(steps) x "
        + "\(directions)"
    }
    return nil
  }

  /// Shows the guard what it saw before an interruption, round by round.
  package mutating func recall(_ metrics: [RoundMetrics]) {
    for round in metrics {
      let answers =
        round.clients.map { ($0.name, $0.scalars) } + round.leftOut.map { ($0.name, $0.scalars) }
      let byName = Dictionary(grouping: answers) { $0.0 }
      combination.learn(round.clients.map { $0.scalars.map(Double.init) })
      // In the order in which the answers were judged.
      for member in members {
        for (_, scalars) in byName[member.name] ?? [] {
          for scalar in scalars { _ = divergence.judge(scalar: Double(scalar)) }
        }
      }
      for group in round.groups {
        for mean in group.means { _ = divergence.judge(scalar: mean) }
      }
    }
  }

  /// Why an answer is refused; nil when it is not. A loss that is not finite gives a scalar that is
  /// not finite, so scalars tell all.
  ///
  /// - Parameter seen: The scalars that the guard learnt from.
  private static func judge(
    _ report: RoundCoordinator.Report, with divergence: inout DivergenceGuard, seen: inout [Float]
  ) -> String? {
    for scalar in report.scalars.joined() {
      let verdict = divergence.judge(scalar: Double(scalar))
      if scalar.isFinite { seen.append(scalar) }
      if case .reject(let reason) = verdict { return reason }
    }
    return nil
  }

  private func result(
    _ report: RoundCoordinator.Report, round: Int, plan: ActivationPlan
  ) throws -> ClientResult {
    guard let weight = members[report.client].weight else {
      throw Self.refusal(round, report, "nobody knows its weight")
    }
    return ClientResult(
      client: UInt32(report.client + 1), weight: weight,
      blocks: blocks(of: report.client, round: round, plan: plan),
      scalars: report.scalars.joined().map(Double.init))
  }
}
