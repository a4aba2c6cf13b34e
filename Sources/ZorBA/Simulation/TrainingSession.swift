import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAModels
package import ZorBAOptimization
import ZorBAPrivacy
package import ZorBATensor

/// Says of a client's answer to an attempt at a round, all counted as everywhere (clients from 0),
/// whether it is lost on its way.
package typealias RoundDrops = (_ round: Int, _ attempt: Int, _ client: Int) -> Bool

/// Says what a client's scalars, [steps][directions], become before anybody judges them.
package typealias AnswerTampering = (_ round: Int, _ client: Int, _ scalars: [[Float]]) -> [[Float]]

/// A federation in one process: a model, its clients, and one committed round after the other.
///
/// All clients hold bit-identical weights between rounds, so one copy serves them all; a client's
/// local steps are undone before the next client begins. The session owns the weights: nobody else
/// may read them while `advance` runs.
package final class TrainingSession {
  package let clients: [FederationClient]
  /// Who trains which blocks; a client that trains none in a round takes no part in it.
  package private(set) var plan: ActivationPlan
  package private(set) var time = TimeLedger()

  private let method: MethodConfiguration
  private let updater: WeightUpdater
  private let scorer: ExampleScorer
  private var engine: RoundEngine
  private let drops: RoundDrops?
  private let tampers: AnswerTampering?
  /// Adds answers up under masks; nil where the coordinator's part sees them.
  let secure: LocalSecureAggregation?
  private let privacy: [ClientPrivacy]
  private let warn: (String) -> Void

  /// The last committed round.
  package private(set) var lastCommitted: Int

  /// Everything a session is made of.
  package struct Parts {
    package var model: Model
    package var clients: [FederationClient]
    package var plan: ActivationPlan
    package var configuration: RunConfiguration
    package var runKey: RunKey
    package var context: ComputeContext
    /// The round the weights stand at.
    package var lastCommitted: Int
    /// Answers that are lost; nil loses none.
    package var drops: RoundDrops?
    /// What becomes of answers; nil leaves them as they are.
    package var tampers: AnswerTampering?
    /// What makes the clients' answers private, in their order; empty where the run promises nothing.
    package var privacy: [ClientPrivacy] = []
    package var warn: (String) -> Void

    package init(
      model: Model, clients: [FederationClient], plan: ActivationPlan,
      configuration: RunConfiguration, runKey: RunKey, context: ComputeContext,
      lastCommitted: Int = 0, drops: RoundDrops? = nil, tampers: AnswerTampering? = nil,
      warn: @escaping (String) -> Void = { _ in }
    ) {
      self.model = model
      self.clients = clients
      self.plan = plan
      self.configuration = configuration
      self.runKey = runKey
      self.context = context
      self.lastCommitted = lastCommitted
      self.drops = drops
      self.tampers = tampers
      self.warn = warn
    }
  }

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when schedule and rounds disagree.
  package init(_ parts: Parts) throws {
    clients = parts.clients
    plan = parts.plan
    method = parts.configuration.method
    updater = WeightUpdater(
      parameters: parts.model.trainable,
      schedule: method.directionSchedule(parts.runKey),
      context: parts.context)
    scorer = ExampleScorer(model: parts.model)
    engine = try RoundEngine(
      configuration: parts.configuration, runKey: parts.runKey,
      members: parts.clients.map { ($0.name, $0.weight) })
    lastCommitted = parts.lastCommitted
    secure =
      parts.configuration.secureAggregation.isOn
      ? LocalSecureAggregation(
        SecureTerms(
          parts.configuration, federation: "", run: "", epoch: UInt64(parts.lastCommitted),
          agreed: []), clients: parts.clients.count) : nil
    drops = parts.drops
    tampers = parts.tampers
    privacy = parts.privacy
    warn = parts.warn
  }

  /// Follows another plan from the next round on.
  package func follow(_ plan: ActivationPlan) {
    precondition(plan.clientCount == clients.count && plan.blockCount == self.plan.blockCount)
    self.plan = plan
  }

  /// Shows the divergence guard what it saw before an interruption, round by round.
  package func recall(_ metrics: [RoundMetrics]) { engine.recall(metrics) }

  /// Runs the next round.
  ///
  /// - Parameter commit: Makes the round durable; the weights move only after it returns.
  /// - Throws: `ZorBAError` with code `diverged` when the guard stops the run or no client's answer
  ///   can be used, with code `interrupted` when too few answers come in every attempt, and whatever
  ///   `commit` throws; the weights are then as before the round.
  package func advance(
    commit: (CommittedRound, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics {
    // A round that fails leaves no trace, so that it can be tried again.
    let before = engine
    do {
      let clock = ContinuousClock()
      let start = clock.now
      let metrics = try runRound(since: { (clock.now - start) / .seconds(1) }, commit: commit)
      time.total += (clock.now - start) / .seconds(1)
      return metrics
    } catch {
      engine = before
      throw error
    }
  }

  private func runRound(
    since seconds: () -> Double, commit: (CommittedRound, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics {
    let round = lastCommitted + 1
    var shortfall = (answered: 0, needed: 0)
    for attempt in 1...engine.attempts {
      let answers = try collect(round: round, attempt: attempt)
      guard answers.isEnough else {
        shortfall = (answers.answered, answers.needed)
        continue
      }
      guard let closed = try close(answers, round: round, seconds: seconds) else {
        // Under masks an attempt can come to nothing although enough answered.
        if secure != nil, attempt < engine.attempts {
          shortfall = (0, answers.needed)
          continue
        }
        throw ZorBAError(
          .diverged, "round \(round): no client gave a usable answer",
          advice: "Resume with a lower learning rate or a larger mu.")
      }
      let committed = closed.0
      var metrics = closed.1
      metrics.epsilon = privacy.map(\.meter.quickEpsilon).max()
      try commit(committed, metrics)
      try time.measure(\.update) { try updater.apply(committed) }
      lastCommitted = round
      return metrics
    }
    throw ZorBAError(
      .interrupted,
      "round \(round): \(shortfall.answered) answers came in the last of \(engine.attempts) attempts, "
        + "\(shortfall.needed) are needed",
      advice: "Resume when more sites are there, or with a lower federation.quorum.")
  }
}

extension TrainingSession {
  /// What an attempt's answers come to; nil when none of them can be used.
  private func close(
    _ answers: Answers, round: Int, seconds: () -> Double
  ) throws -> (CommittedRound, RoundMetrics)? {
    let peak = ProcessMemory.current().peakBytes
    if let secure {
      let outcome = try secure.sums(
        answers.ticket,
        groups: engine.groups(of: answers.asked, round: round, plan: plan),
        answers: Dictionary(
          uniqueKeysWithValues: answers.reports.map {
            (
              $0.client,
              (Array($0.scalars.joined()), $0.loss, clients[$0.client].examples.count)
            )
          }))
      for failure in outcome.failures { warn("round \(round): no sum of \(failure)") }
      let closing = try engine.close(groups: outcome.sums, round: round, plan: plan)
      closing.reasons.forEach(warn)
      guard let committed = closing.committed,
        let metrics = engine.metrics(
          of: closing, plan: plan, byteCounts: outcome.bytes, seconds: seconds(),
          peakMemoryBytes: peak)
      else { return nil }
      return (committed, metrics)
    }
    let closing = try engine.close(answers.reports, round: round, plan: plan)
    closing.reasons.forEach(warn)
    guard let committed = closing.committed,
      let metrics = engine.metrics(
        of: closing, plan: plan, halves: answers.halves, seconds: seconds(), peakMemoryBytes: peak)
    else { return nil }
    return (committed, metrics)
  }

  /// What one attempt at a round brought.
  private struct Answers {
    var ticket: RoundCoordinator.Ticket
    /// Who was asked, ascending.
    var asked: [Int]
    var reports: [RoundCoordinator.Report] = []
    /// What the halves of minibatches showed, by client.
    var halves: [Int: [RoundMetrics.HalfScalars]] = [:]
    var answered = 0
    var needed = 0
    var isEnough = false
  }

  private func collect(round: Int, attempt: Int) throws -> Answers {
    let participants = engine.participants(round: round, attempt: attempt, plan: plan)
    var answers = Answers(
      ticket: .init(round: round, attempt: attempt), asked: participants,
      needed: engine.quorum(asked: participants.count))
    // An attempt asks anew, so it is a machine of its own.
    var coordinator = RoundCoordinator(
      lastCommitted: lastCommitted, quorum: answers.needed, maximumAttempts: 1)
    var pending = coordinator.handle(.start(participants: participants))
    while !pending.isEmpty {
      switch pending.removeFirst() {
      case .assign(let ticket, let participants):
        for client in participants {
          if drops?(round, attempt, client) == true {
            pending += coordinator.handle(.lost(ticket, client: client))
            continue
          }
          let answer = try answer(of: client, round: round)
          answers.halves[client] = answer.halves
          pending += coordinator.handle(
            .result(
              ticket,
              RoundCoordinator.Report(
                client: client,
                scalars: tampers?(round, client, answer.scalars) ?? answer.scalars,
                examples: answer.examples, loss: answer.meanLoss)))
        }
      case .commit(_, let reports):
        answers.reports = reports
        answers.isEnough = true
      case .pause(_, let answered, _):
        answers.answered = answered
      }
    }
    return answers
  }

  private func answer(of client: Int, round: Int) throws -> ClientStep.Answer {
    let step = ClientStep(
      scorer: scorer, updater: updater,
      estimator: TwoSidedEstimator(perturbationScale: method.mu), directions: method.directions,
      steps: method.localSteps, learningRate: engine.learningRate(round: round),
      privacy: privacy.isEmpty ? nil : privacy[client])
    return try step.answer(
      of: clients[client], number: UInt32(client + 1), round: UInt64(round),
      blocks: engine.blocks(of: client, round: round, plan: plan), time: &time)
  }
}
