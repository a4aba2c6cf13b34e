package import ZorBAJSON
public import ZorBAOptimization
import ZorBATensor

/// What first-order methods are told beside rate, schedule, local steps and weight decay.
public struct FirstOrderConfiguration: Sendable, Equatable {
  /// What turns a client's gradient into a step; its state is fresh in every round.
  public var optimizer = OptimizerKind.adamw
  /// Of SGD.
  public var momentum = 0.0
  /// Of AdamW: two numbers.
  public var betas = [0.9, 0.999]
  /// The longest gradient of a step, over all that is trained; 0 for any.
  public var clipNorm = 1.0
  /// Parts that a minibatch's gradient is gathered from, one after the other: less memory, the same
  /// mean.
  public var accumulation = 1
  /// Whether activations are computed again on the way back rather than kept.
  public var checkpointing = false
  /// How hard FedProx pulls back.
  public var proximal = 0.01
  /// What the coordinator multiplies the mean change by; of FedAdam, its step.
  public var serverLearningRate = 1.0
  /// Of FedAdam: two numbers.
  public var serverBetas = [0.9, 0.99]
  /// tau of FedAdam.
  public var serverEpsilon = 1e-3
  /// How changes are sent, both ways.
  public var upload = DenseEncoding.float32

  /// AdamW, clipped at 1, sent as binary32.
  public init() {}

  /// The first rule that a value breaks; nil when all hold.
  package func fault(_ name: MethodName, batch: Int) -> RunConfiguration.Fault? {
    func share(_ value: Double) -> Bool { value >= 0 && value < 1 }
    if !share(momentum) { return ("method.momentum", "\(momentum)", "0 up to below 1") }
    if momentum != 0, optimizer != .sgd {
      return ("method.momentum", "\(momentum)", "0, or the optimizer sgd; adamw has betas")
    }
    if betas.count != 2 || !betas.allSatisfy(share) {
      return ("method.betas", "\(betas)", "two numbers from 0 up to below 1")
    }
    if !(clipNorm >= 0 && clipNorm.isFinite) {
      return ("method.clip_norm", "\(clipNorm)", "a number from 0 up")
    }
    if !(1...max(1, batch)).contains(accumulation) {
      return ("method.accumulation", "\(accumulation)", "1 to batch.size, here \(batch)")
    }
    if name == .fedprox, !(proximal >= 0 && proximal.isFinite) {
      return ("method.proximal", "\(proximal)", "a number from 0 up")
    }
    if !(serverLearningRate > 0 && serverLearningRate.isFinite) {
      return ("method.server_learning_rate", "\(serverLearningRate)", "a number above 0")
    }
    if serverBetas.count != 2 || !serverBetas.allSatisfy(share) {
      return ("method.server_betas", "\(serverBetas)", "two numbers from 0 up to below 1")
    }
    if !(serverEpsilon > 0 && serverEpsilon.isFinite) {
      return ("method.server_epsilon", "\(serverEpsilon)", "a number above 0")
    }
    return nil
  }
}

extension RunConfiguration {
  /// The first rule of methods other than the run's own that it breaks; nil when all hold.
  package var methodFault: Fault? {
    if method.name == .fedkseed {
      if SeedPool(count: method.pool) == nil {
        return ("method.pool", "\(method.pool)", "1 to \(SeedPool.counts.upperBound)")
      }
      if method.seeding != .perClient {
        return ("method.seeding", "shared", "perClient: every client draws from the pool")
      }
    }
    guard method.name.isFirstOrder else { return nil }
    if memory.budgetMiB != 0 {
      return (
        "memory.budget_mib", "\(memory.budgetMiB)",
        "0 with \(method.name.rawValue): gradients of weights that are streamed have no room"
      )
    }
    if blocks.replanEvery != 0 {
      return (
        "blocks.replan_every", "\(blocks.replanEvery)",
        "0 with \(method.name.rawValue): its rounds show no scalars to plan from"
      )
    }
    return method.firstOrder.fault(method.name, batch: batch.size)
  }
}

extension MethodConfiguration {
  /// The section in the run file and in the journal.
  package var json: JSONValue {
    var known: [String: JSONValue] = [
      "directions": .integer(directions), "mu": .number(mu),
      "learning_rate": .number(learningRate), "schedule": .string(schedule.rawValue),
      "warmup_rounds": .integer(warmupRounds), "perturbation": .string(perturbation.rawValue),
      "seeding": .string(seeding.rawValue), "local_steps": .integer(localSteps),
      "weight_decay": .number(weightDecay), "pool": .integer(pool),
      "optimizer": .string(firstOrder.optimizer.rawValue),
      "clip_norm": .number(firstOrder.clipNorm),
      "accumulation": .integer(firstOrder.accumulation),
      "checkpointing": .bool(firstOrder.checkpointing),
      "server_learning_rate": .number(firstOrder.serverLearningRate),
      "upload": .string(firstOrder.upload.rawValue), "proximal": .number(firstOrder.proximal),
      "server_betas": .array(firstOrder.serverBetas.map { .number($0) }),
      "server_epsilon": .number(firstOrder.serverEpsilon),
    ]
    switch firstOrder.optimizer {
    case .adamw: known["betas"] = .array(firstOrder.betas.map { .number($0) })
    case .sgd: known["momentum"] = .number(firstOrder.momentum)
    }
    let members = name.keys.compactMap { key in known[key].map { (key, $0) } }
    return RunConfiguration.object([("name", .string(name.rawValue))] + members)
  }

  /// The directions of a run of this method.
  package func directionSchedule(_ runKey: RunKey) -> DirectionSchedule {
    DirectionSchedule(
      runKey: runKey, seeding: seeding, distribution: perturbation,
      pool: name == .fedkseed ? SeedPool(count: pool) : nil)
  }

  /// The optimiser of a client.
  var optimizerSettings: FirstOrderOptimizer.Settings {
    var settings = FirstOrderOptimizer.Settings()
    settings.kind = firstOrder.optimizer
    settings.momentum = firstOrder.momentum
    if firstOrder.betas.count == 2 {
      settings.betas = (firstOrder.betas[0], firstOrder.betas[1])
    }
    settings.weightDecay = weightDecay
    return settings
  }
}
