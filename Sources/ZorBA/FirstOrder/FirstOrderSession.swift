import ZorBADiagnostics
package import ZorBAFederation
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// A federation of a first-order method in one process.
///
/// Clients train one after the other on one set of weights, which is put back in between to the bit.
/// What they changed goes through the bytes that it would be sent as; what is committed is one change
/// that everybody adds. A client trains the blocks that the plan gives it, and a block's change is
/// averaged over those that trained it.
package final class FirstOrderSession: RoundSession {
  package private(set) var lastCommitted: Int
  package private(set) var time = TimeLedger()

  private let clients: [FederationClient]
  private var plan: ActivationPlan
  private let method: MethodConfiguration
  private let divergence: DivergenceGuard.Policy
  private let engine: RoundEngine
  private let runKey: RunKey
  private let context: ComputeContext
  private let drops: RoundDrops?
  private let warn: (String) -> Void

  private let parameters: ParameterSet
  private let source: any GradientSource
  /// Of all trainable tensors, in their order; those that no plan trains have no elements in buffers.
  private let weights: [UnsafeMutableBufferPointer<Float>]
  private let anchor: DenseBuffers
  private let optimizer: FirstOrderOptimizer
  private let mean: DenseMean
  private let state: ServerState
  private let stateFile: ServerStateFile?
  /// Places of each block's tensors among all. [blocks]
  private let places: [[Int]]

  /// - Parameters:
  ///   - gradients: Where gradients come from.
  ///   - folder: Where the coordinator's moments are kept, if its rule has any; nil keeps none.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the weights are not float32 or
  ///   schedule and rounds disagree, `invalidData` when the moments of `lastCommitted` are missing.
  init(
    _ parts: TrainingSession.Parts, gradients: GradientFactory, folder: String? = nil
  ) throws {
    clients = parts.clients
    plan = parts.plan
    method = parts.configuration.method
    divergence = parts.configuration.guardrail.action
    runKey = parts.runKey
    context = parts.context
    drops = parts.drops
    warn = parts.warn
    lastCommitted = parts.lastCommitted
    engine = try RoundEngine(
      configuration: parts.configuration, runKey: parts.runKey,
      members: parts.clients.map { ($0.name, $0.weight) })
    parameters = parts.model.trainable
    weights = try parameters.all.map { try $0.floats() }
    let outer = parts.configuration.blocks.outer
    let counts = parameters.all.map {
      $0.id.block == 0 && !outer ? 0 : $0.tensor.elementCount
    }
    var next = 0
    places = parameters.blocks.map { block in
      defer { next += block.count }
      return Array(next..<next + block.count)
    }
    anchor = try DenseBuffers(elementCounts: counts)
    optimizer = try FirstOrderOptimizer(
      parts.configuration.method.optimizerSettings, elementCounts: counts, context: context)
    mean = DenseMean(elementCounts: counts)
    state = try ServerState(rule: parts.configuration.method.serverRule, elementCounts: counts)
    stateFile =
      state.isEmpty ? nil : folder.map { ServerStateFile(folder: $0, runKey: parts.runKey) }
    if let stateFile, lastCommitted > 0 {
      try stateFile.load(state.current, round: lastCommitted)
    }
    source = try gradients(parts.model, parts.configuration)
    precondition(source.gradients.map(\.count) == weights.map(\.count))
  }

  package func follow(_ plan: ActivationPlan) {
    precondition(plan.clientCount == clients.count && plan.blockCount == self.plan.blockCount)
    self.plan = plan
  }

  /// Nothing: no guard learns from first-order rounds.
  package func recall(_ metrics: [RoundMetrics]) {}

  package func advanceRound(
    commit: (RoundCommit, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics {
    let clock = ContinuousClock()
    let start = clock.now
    func seconds() -> Double { (clock.now - start) / .seconds(1) }
    let metrics = try runRound(since: seconds, commit: commit)
    time.total += seconds()
    return metrics
  }

  private func runRound(
    since seconds: () -> Double, commit: (RoundCommit, RoundMetrics) throws -> Void
  ) throws -> RoundMetrics {
    let round = lastCommitted + 1
    let asked = try participants(round: round)
    var answers = Answers()
    mean.reset()
    for client in asked { try train(client, round: round, answers: &answers) }
    guard !answers.accepted.isEmpty else {
      throw ZorBAError(
        .diverged, "round \(round): no client gave a usable answer",
        advice: "Resume with a lower learning rate.")
    }
    let blocks = answers.blocks.sorted()
    let changes = try time.measure(\.update) { try committedChange(blocks) }
    let committed = DenseRound(
      number: UInt64(round), learningRate: engine.learningRate(round: round),
      encoding: changes.encoding, participants: answers.accepted.map { UInt32($0.client + 1) },
      blocks: blocks, digest: changes.digest)
    let metrics = metrics(
      of: answers, round: committed, changes: changes, seconds: seconds())
    try stateFile?.save(state.pending, round: round)
    try commit(.dense(committed, changes: changes), metrics)
    state.adopt()
    try time.measure(\.update) {
      try DenseUpdate.apply(
        changes, round: committed.number, blocks: blocks, to: parameters)
    }
    lastCommitted = round
    return metrics
  }
}

// MARK: - A round's parts

extension FirstOrderSession {
  /// What a round's clients brought, besides their changes.
  private struct Answers {
    var accepted: [(client: Int, answer: ClientTraining.Answer, activeBlocks: Int)] = []
    var leftOut: [RoundMetrics.LeftOut] = []
    /// Blocks that change.
    var blocks: Set<Int> = []
    /// Bytes of all changes that were sent.
    var bytesUp = 0
  }

  /// Whose answers come in, ascending.
  private func participants(round: Int) throws -> [Int] {
    var shortfall = (answered: 0, needed: 0)
    for attempt in 1...engine.attempts {
      let asked = engine.participants(round: round, attempt: attempt, plan: plan)
      let answering = asked.filter { drops?(round, attempt, $0) != true }.sorted()
      let needed = engine.quorum(asked: asked.count)
      if answering.count >= needed, !answering.isEmpty { return answering }
      shortfall = (answering.count, needed)
    }
    throw ZorBAError(
      .interrupted,
      "round \(round): \(shortfall.answered) answers came in the last of \(engine.attempts) attempts, "
        + "\(shortfall.needed) are needed",
      advice: "Resume when more sites are there, or with a lower federation.quorum.")
  }

  private func train(_ client: Int, round: Int, answers: inout Answers) throws {
    let blocks = engine.blocks(of: client, round: round, plan: plan)
    let chosen = blocks.flatMap { places[$0] }
    copy(weights, to: anchor.tensors, chosen)
    defer { copy(anchor.tensors, to: weights, chosen) }
    let training = ClientTraining(
      source: source, weights: weights, anchor: anchor.tensors, optimizer: optimizer,
      method: method, learningRate: engine.learningRate(round: round), runKey: runKey,
      context: context)
    let answer = try training.run(
      clients[client], number: client + 1, round: round, chosen: chosen, time: &time)
    if let fault = answer.fault {
      try refuse(client, round: round, fault, passes: answer.passes, answers: &answers)
      return
    }
    let change: DenseDelta
    do {
      change = try time.measure(\.update) { try clientChange(blocks, chosen) }
    } catch let error as ZorBAError where error.code == .diverged {
      try refuse(
        client, round: round, error.message, passes: answer.passes, answers: &answers)
      return
    }
    let weight = clients[client].weight
    try time.measure(\.update) {
      for place in chosen { mean.count(tensor: place, weight: weight) }
      try change.decode { entry, first, values in
        mean.add(values, tensor: chosen[entry], first: first, weight: weight)
      }
    }
    answers.accepted.append((client, answer, blocks.filter { $0 > 0 }.count))
    answers.blocks.formUnion(blocks)
    answers.bytesUp += WirePayload.bytes(up: change)
  }

  private func refuse(
    _ client: Int, round: Int, _ fault: String, passes: Int, answers: inout Answers
  ) throws {
    if divergence == .stop {
      throw ZorBAError(
        .diverged, "round \(round), \(clients[client].name): \(fault)",
        advice: "Resume with a lower learning rate, or with guard.action: skip.")
    }
    answers.leftOut.append(.init(name: clients[client].name, scalars: [], passes: passes))
    warn("round \(round): \(clients[client].name) is left out: \(fault)")
  }

  private func copy(
    _ source: [UnsafeMutableBufferPointer<Float>], to target: [UnsafeMutableBufferPointer<Float>],
    _ chosen: [Int]
  ) {
    context.team.forEach(chosen.count) { index, _ in
      _ = target[chosen[index]].update(fromContentsOf: source[chosen[index]])
    }
  }

  /// What a client sends: its weights less those that it began with, in binary32.
  private func clientChange(_ blocks: [Int], _ chosen: [Int]) throws -> DenseDelta {
    try DenseDelta(
      layout: DenseLayout(blocks: blocks, of: parameters), encoding: method.firstOrder.upload
    ) { entry, row, values in
      let place = chosen[entry]
      let (now, before) = (weights[place], anchor.tensors[place])
      let first = row * values.count
      for index in 0..<values.count {
        values[index] = now[first + index] - before[first + index]
      }
    }
  }

  /// What everybody adds.
  private func committedChange(_ blocks: [Int]) throws -> DenseDelta {
    state.begin()
    let chosen = blocks.flatMap { places[$0] }
    return try DenseDelta(
      layout: DenseLayout(blocks: blocks, of: parameters), encoding: method.firstOrder.upload
    ) { entry, row, values in
      let first = row * values.count
      mean.mean(tensor: chosen[entry], first: first, into: values)
      state.apply(values, tensor: chosen[entry], first: first)
    }
  }

  private func metrics(
    of answers: Answers, round: DenseRound, changes: DenseDelta, seconds: Double
  ) -> RoundMetrics {
    let weights = answers.accepted.map { clients[$0.client].weight }
    let loss =
      zip(answers.accepted, weights).reduce(0) { $0 + $1.0.answer.meanLoss * $1.1 }
      / weights.reduce(0, +)
    return RoundMetrics(
      round: Int(clamping: round.number), seconds: seconds, loss: loss,
      clients: answers.accepted.map {
        RoundMetrics.Client(
          name: clients[$0.client].name, loss: $0.answer.meanLoss, scalars: [],
          examples: $0.answer.examples, activeBlocks: $0.activeBlocks, passes: $0.answer.passes)
      },
      leftOut: answers.leftOut, coveredBlocks: round.blocks.count, bytesUp: answers.bytesUp,
      bytesDown: clients.count * WirePayload.bytes(down: changes),
      peakMemoryBytes: ProcessMemory.current().peakBytes)
  }
}

extension WirePayload {
  /// Up: the change, the example count and the mean loss.
  static func bytes(up change: DenseDelta) -> Int { change.body.count + 4 + 4 }

  /// Down, to each client: the change, its digest and a round number.
  static func bytes(down change: DenseDelta) -> Int {
    change.body.count + Digest128.byteCount + 4
  }
}
