import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAModels
package import ZorBAOptimization
package import ZorBATensor

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
  private let runKey: RunKey
  private let participation: Double
  private let trainsOuter: Bool
  private let rates: LearningRateSchedule
  private let updater: WeightUpdater
  private let scorer: ExampleScorer
  private var coordinator: RoundCoordinator
  private var divergence: DivergenceGuard
  /// Answers of the round under way that the guard refused.
  private var leftOut: [RoundMetrics.LeftOut] = []
  /// What the halves of minibatches showed in the round under way, by client.
  /// No commit depends on it.
  private var halves: [Int: [RoundMetrics.HalfScalars]] = [:]
  private let warn: (String) -> Void

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
    package var warn: (String) -> Void

    package init(
      model: Model, clients: [FederationClient], plan: ActivationPlan,
      configuration: RunConfiguration, runKey: RunKey, context: ComputeContext,
      lastCommitted: Int = 0, warn: @escaping (String) -> Void = { _ in }
    ) {
      self.model = model
      self.clients = clients
      self.plan = plan
      self.configuration = configuration
      self.runKey = runKey
      self.context = context
      self.lastCommitted = lastCommitted
      self.warn = warn
    }
  }

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when schedule and rounds disagree.
  package init(_ parts: Parts) throws {
    let configuration = parts.configuration
    clients = parts.clients
    plan = parts.plan
    method = configuration.method
    runKey = parts.runKey
    participation = configuration.federation.participation
    trainsOuter = configuration.blocks.outer
    rates = try LearningRateSchedule(
      shape: method.schedule, peak: method.learningRate, rounds: UInt64(configuration.rounds),
      warmupRounds: UInt64(method.warmupRounds))
    updater = WeightUpdater(
      parameters: parts.model.parameters,
      schedule: DirectionSchedule(
        runKey: parts.runKey, seeding: method.seeding, distribution: method.perturbation),
      context: parts.context)
    scorer = ExampleScorer(model: parts.model)
    coordinator = RoundCoordinator(lastCommitted: parts.lastCommitted, maximumAttempts: 1)
    divergence = try DivergenceGuard(
      policy: configuration.guardrail.action, multiple: configuration.guardrail.factor)
    warn = parts.warn
  }

  /// The last committed round.
  package var lastCommitted: Int { coordinator.lastCommitted }

  /// Follows another plan from the next round on.
  package func follow(_ plan: ActivationPlan) {
    precondition(plan.clientCount == clients.count && plan.blockCount == self.plan.blockCount)
    self.plan = plan
  }

  /// Shows the divergence guard what it saw before an interruption, round by round.
  package func recall(_ metrics: [RoundMetrics]) {
    for round in metrics {
      let answers =
        round.clients.map { ($0.name, $0.scalars) } + round.leftOut.map { ($0.name, $0.scalars) }
      // In the order in which the answers were judged.
      for client in clients {
        for (_, scalars) in answers.filter({ $0.0 == client.name }) {
          for scalar in scalars { _ = divergence.judge(scalar: Double(scalar)) }
        }
      }
    }
  }

  /// Runs the next round.
  ///
  /// - Parameter commit: Makes the round durable; the weights move only after it returns.
  /// - Throws: `ZorBAError` with code `diverged` when the guard stops the run or no client's answer
  ///   can be used, and whatever `commit` throws; the weights are then as before the round.
  package func advance(
    commit: (CommittedRound, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics {
    // A round that fails leaves no trace, so that it can be tried again.
    let before = (coordinator, divergence)
    do {
      return try attempt(commit: commit)
    } catch {
      (coordinator, divergence) = before
      throw error
    }
  }

  private func attempt(
    commit: (CommittedRound, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics {
    let clock = ContinuousClock()
    let start = clock.now
    let round = UInt64(coordinator.lastCommitted + 1)
    var metrics: RoundMetrics?
    leftOut = []
    halves = [:]
    var pending = coordinator.handle(.start(participants: participants(round: round)))
    while !pending.isEmpty {
      switch pending.removeFirst() {
      case .assign(let ticket, let participants):
        for client in participants {
          pending += coordinator.handle(try event(for: client, ticket: ticket))
        }
      case .commit(let ticket, let reports):
        let committed = try aggregate(reports, round: round)
        let seconds = (clock.now - start) / .seconds(1)
        let line = self.metrics(of: reports, committed: committed, seconds: seconds)
        try commit(committed, line)
        try time.measure(\.update) { try updater.apply(committed) }
        metrics = line
        pending += coordinator.handle(.committed(ticket))
      case .pause(let ticket, _, _):
        throw ZorBAError(
          .diverged, "round \(ticket.round): no client gave a usable answer",
          advice: "Resume with a lower learning rate or a larger mu.")
      }
    }
    time.total += (clock.now - start) / .seconds(1)
    guard let metrics else {
      throw ZorBAError(
        .diverged, "round \(round) ended without a result",
        advice: "Check federation.participation and the clients' data.")
    }
    return metrics
  }
}

extension TrainingSession {
  private func participants(round: UInt64) -> [Int] {
    var draw = RunStream.participation.generator(runKey: runKey, index: round)
    return plan.participants(round: Int(round), share: participation, using: &draw)
  }

  private func blocks(of client: Int, round: UInt64) -> [Int] {
    let active = plan.matrix(round: Int(round)).activeBlocks(of: client).map { $0 + 1 }
    return trainsOuter ? [0] + active : active
  }

  private func event(
    for client: Int, ticket: RoundCoordinator.Ticket
  ) throws -> RoundCoordinator.Event {
    let round = UInt64(ticket.round)
    let step = ClientStep(
      scorer: scorer, updater: updater,
      estimator: TwoSidedEstimator(perturbationScale: method.mu), directions: method.directions,
      steps: method.localSteps, learningRate: rates.learningRate(round: round))
    let answer = try step.answer(
      of: clients[client], number: UInt32(client + 1), round: round,
      blocks: blocks(of: client, round: round), time: &time)
    halves[client] = answer.halves
    var judged: [Float] = []
    for (losses, scalar) in zip(answer.losses.joined(), answer.scalars.joined()) {
      let verdict = divergence.judge(losses, scalar: Double(scalar))
      if scalar.isFinite { judged.append(scalar) }
      guard case .reject(let reason) = verdict else { continue }
      if divergence.policy == .stop {
        throw DivergenceGuard.error(round: round, client: UInt32(client + 1), reason: reason)
      }
      warn("round \(round): \(clients[client].name) is left out: \(reason)")
      leftOut.append(.init(name: clients[client].name, scalars: judged))
      return .lost(ticket, client: client)
    }
    return .result(
      ticket,
      RoundCoordinator.Report(
        client: client, scalars: answer.scalars, examples: answer.examples,
        loss: answer.meanLoss))
  }

  private func aggregate(
    _ reports: [RoundCoordinator.Report], round: UInt64
  ) throws -> CommittedRound {
    try Aggregation(
      round: round, seeding: method.seeding, learningRate: rates.learningRate(round: round),
      directions: method.directions, steps: method.localSteps, weightDecay: method.weightDecay
    ).commit(
      reports.map { report in
        ClientResult(
          client: UInt32(report.client + 1), weight: clients[report.client].weight,
          blocks: blocks(of: report.client, round: round),
          scalars: report.scalars.joined().map(Double.init))
      })
  }

  private func metrics(
    of reports: [RoundCoordinator.Report], committed: CommittedRound, seconds: Double
  ) -> RoundMetrics {
    let round = UInt64(committed.number)
    let weights = reports.map { clients[$0.client].weight }
    let loss =
      zip(reports, weights).reduce(0) { $0 + $1.0.loss * $1.1 } / weights.reduce(0, +)
    return RoundMetrics(
      round: Int(round), seconds: seconds, loss: loss,
      clients: reports.map { report in
        RoundMetrics.Client(
          name: clients[report.client].name, loss: report.loss,
          scalars: Array(report.scalars.joined()), halfScalars: halves[report.client],
          examples: report.examples,
          activeBlocks: plan.matrix(round: Int(round)).activeBlocks(of: report.client).count)
      },
      leftOut: leftOut,
      coveredBlocks: committed.coveredBlocks.count,
      bytesUp: reports.reduce(0) { $0 + WirePayload.bytes(of: $1) },
      bytesDown: clients.count * WirePayload.bytes(of: committed),
      peakMemoryBytes: ProcessMemory.current().peakBytes)
  }
}
