import Testing
import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@testable import ZorBA

/// What a first-order round does to weights, against training by hand.
@Suite struct FirstOrderSessionTests {
  struct Refusal: Error {}

  private func run(
    _ checkpoint: TinyCheckpoint = TinyCheckpoint(),
    change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> PreparedRun {
    try TinyRun(checkpoint) {
      $0.method.name = .fedavg
      $0.method.learningRate = 0.003
      $0.method.localSteps = 3
      change(&$0)
    }.prepared()
  }

  private func session(
    _ run: PreparedRun, clients: [FederationClient]? = nil, folder: String? = nil,
    factor: @escaping () -> Double = { 1 }, warn: @escaping (String) -> Void = { _ in }
  ) throws -> FirstOrderSession {
    let clients = clients ?? run.clients
    return try FirstOrderSession(
      .init(
        model: run.loaded.model, clients: clients,
        plan: ActivationPlan(
          fixed: .full(clients: clients.count, blocks: run.loaded.configuration.layerCount)),
        configuration: run.configuration, runKey: run.runKey, context: run.context, warn: warn),
      gradients: { model, _ in try QuadraticGradients(model, factor: factor) }, folder: folder)
  }

  private func digest(_ run: PreparedRun) -> StateDigest {
    StateDigest(of: run.loaded.model.trainable, context: run.context)
  }

  private func weights(_ run: PreparedRun) throws -> [[Float]] {
    try run.loaded.model.trainable.all.map { Array(try $0.floats()) }
  }

  /// One client at rate 1 is local training: to the bit wherever the change is exact, that is where a
  /// weight stays within a factor of two (Sterbenz), and else to a rounding of the change.
  @Test func oneClientIsLocalTraining() throws {
    let (federated, local) = (try run(), try run())
    let client = federated.clients[0]
    let session = try session(federated, clients: [client])
    let source = try QuadraticGradients(local.loaded.model)
    let parameters = local.loaded.model.trainable
    let views = try parameters.all.map { try $0.floats() }
    let chosen = parameters.all.indices.filter { parameters.all[$0].id.block > 0 }
    let optimizer = try FirstOrderOptimizer(
      local.configuration.method.optimizerSettings, elementCounts: views.map(\.count),
      context: local.context)
    var exact = 0
    for round in 1...4 {
      let before = try weights(local)
      optimizer.reset()
      for step in 0..<3 {
        let batch = client.sampler.batch(round: round - 1, step: step).map {
          client.examples[$0]
        }
        _ = try source.gradient(of: batch, parts: 1, dropoutSeed: 0)
        GradientClipping.clip(source.gradients, of: chosen, to: 1, context: local.context)
        optimizer.advance(
          views, gradients: source.gradients, chosen: chosen, learningRate: 0.003)
      }
      _ = try session.advanceRound { _, _ in }
      let found = try weights(federated)
      for (tensor, view) in views.enumerated() {
        for index in view.indices {
          let (old, new, got) = (before[tensor][index], view[index], found[tensor][index])
          if abs(new) <= 2 * abs(old), abs(old) <= 2 * abs(new), old * new >= 0 {
            #expect(got == new)
            exact += 1
          } else {
            #expect(abs(got - new) <= (new - old).ulp + new.ulp)
          }
          // The next round begins with what was committed.
          view[index] = got
        }
      }
    }
    #expect(exact > 20_000)
  }

  @Test(arguments: [MethodName.fedavg, .fedadam], DenseEncoding.allCases)
  func equalClientsAreOne(_ method: MethodName, _ upload: DenseEncoding) throws {
    func change(_ run: inout RunConfiguration) {
      run.method.name = method
      run.method.firstOrder.upload = upload
      run.method.firstOrder.serverLearningRate = method == .fedadam ? 0.01 : 1
    }
    let (one, many) = (try run(change: change), try run(change: change))
    let client = one.clients[0]
    let single = try session(one, clients: [client])
    let crowd = try session(
      many,
      clients: [3.0, 5, 7, 1].enumerated().map {
        FederationClient(
          name: "client-\($0)", examples: client.examples, sampler: client.sampler, weight: $1)
      })
    for _ in 0..<3 {
      let metrics = try single.advanceRound { _, _ in }
      let others = try crowd.advanceRound { _, _ in }
      #expect(others.clients.allSatisfy { $0.loss == metrics.clients[0].loss })
      #expect(others.bytesUp == 4 * metrics.bytesUp)
      #expect(digest(one) == digest(many))
    }
    #expect(digest(one) != one.base)
  }

  /// A block's change is the mean over those who trained it; a block that nobody trained stays.
  @Test func blocksAreAveragedOverThoseWhoTrainedThem() throws {
    let run = try run()
    let plan = ActivationPlan(
      fixed: try ActivationMatrix(
        rows: [[true, false, false], [true, true, false], [false, true, false]]))
    let session = try session(run)
    session.follow(plan)
    let before = try weights(run)
    var covered: [Int] = []
    var participants: [UInt32] = []
    _ = try session.advanceRound { commit, _ in
      if case .dense(let round, _) = commit {
        covered = round.blocks
        participants = round.participants
      }
    }
    #expect(covered == [1, 2] && participants == [1, 2, 3])
    for (parameter, (old, new)) in zip(
      run.loaded.model.trainable.all, zip(before, try weights(run)))
    {
      #expect((old != new) == [1, 2].contains(parameter.id.block))
    }
  }

  @Test(arguments: [MethodName.fedavg, .fedadam])
  func aCommitThatIsThrownAwayLeavesNoTrace(_ method: MethodName) throws {
    let (run, undisturbed) = (
      try run { $0.method.name = method }, try self.run { $0.method.name = method }
    )
    let (session, other) = (try session(run), try self.session(undisturbed))
    _ = try session.advanceRound { _, _ in }
    let before = digest(run)
    for _ in 0..<2 {
      #expect(throws: Refusal.self) { try session.advanceRound { _, _ in throw Refusal() } }
      #expect(digest(run) == before && session.lastCommitted == 1)
    }
    _ = try session.advanceRound { _, _ in }
    for _ in 0..<2 { _ = try other.advanceRound { _, _ in } }
    #expect(digest(run) == digest(undisturbed))
  }

  @Test func answersThatAreNotFiniteStopTheRunOrAreLeftOut() throws {
    let stopped = try run()
    let session = try session(stopped, factor: { .nan })
    let error = #expect(throws: ZorBAError.self) { try session.advanceRound { _, _ in } }
    #expect(error?.code == .diverged)
    #expect(digest(stopped) == stopped.base)

    let skipping = try run { $0.guardrail.action = .skip }
    var calls = 0
    var warnings: [String] = []
    let lenient = try self.session(
      skipping,
      factor: {
        calls += 1
        return calls == 2 ? .infinity : 1
      }, warn: { warnings.append($0) })
    let metrics = try lenient.advanceRound { _, _ in }
    #expect(metrics.leftOut.map(\.name) == [skipping.clients[0].name] && warnings.count == 1)
    #expect(metrics.clients.map(\.name) == skipping.clients.dropFirst().map(\.name))
    #expect(digest(skipping) != skipping.base)
    let hopeless = try self.session(skipping, factor: { .nan })
    let failure = #expect(throws: ZorBAError.self) { try hopeless.advanceRound { _, _ in } }
    #expect(failure?.code == .diverged)
  }

  @Test func weightsOfSixteenBitsAreRefused() throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = .bfloat16
    let half = try run(checkpoint)
    let error = #expect(throws: ZorBAError.self) { _ = try session(half) }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.location.field == "precision.weights")
    let widened = try run(checkpoint) { $0.precision = .float32 }
    #expect(throws: Never.self) { try session(widened).advanceRound { _, _ in } }
  }

  /// A strong pull keeps clients near to where they began.
  @Test func proximalTermsHoldBack() throws {
    func distance(_ strength: Double) throws -> Float {
      let run = try run {
        $0.method.name = .fedprox
        $0.method.firstOrder.optimizer = .sgd
        $0.method.firstOrder.clipNorm = 0
        $0.method.firstOrder.proximal = strength
        $0.method.learningRate = 0.1
        $0.method.localSteps = 8
      }
      let before = try weights(run)
      _ = try session(run).advanceRound { _, _ in }
      return zip(before, try weights(run)).reduce(0) { sum, pair in
        sum + zip(pair.0, pair.1).reduce(0) { $0 + abs($1.0 - $1.1) }
      }
    }
    let (free, held) = (try distance(0), try distance(4))
    #expect(held < 0.5 * free && held > 0)
  }
}
