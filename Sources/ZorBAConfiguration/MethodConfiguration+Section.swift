import ZorBA
import ZorBADiagnostics
import ZorBAOptimization

extension MethodConfiguration {
  /// - Throws: `ZorBAError` naming a key that belongs to another method, or a value that cannot be
  ///   used.
  init(_ section: ConfigurationSection) throws {
    self.init()
    name = try section.choice("name", default: name)
    try Self.checkKeys(section, name)
    try readCommon(section)
    if name == .fedkseed {
      seeding = .perClient
      pool = try section.integer("pool", in: SeedPool.counts, default: pool)
    }
    if name.isFirstOrder {
      try readFirstOrder(section)
    } else {
      try readZerothOrder(section)
    }
    try section.finish()
  }

  /// A key of another method is no misspelt one, and is told apart from it.
  private static func checkKeys(_ section: ConfigurationSection, _ name: MethodName) throws {
    for key in section.presentKeys where key != "name" && !name.keys.contains(key) {
      let owners = MethodName.allCases.filter { $0.keys.contains(key) }.map(\.rawValue)
      guard !owners.isEmpty else { continue }
      throw section.failure(
        key, "is a key of \(owners.joined(separator: ", ")), not of \(name.rawValue)",
        advice: "Leave it out, or set \(section.key("name")).")
    }
  }

  private mutating func readCommon(_ section: ConfigurationSection) throws {
    // A zeroth-order step is as long as its noise, which grows with the model.
    if name.isFirstOrder { learningRate = Self.firstOrderLearningRate }
    learningRate = try section.number(
      "learning_rate", rule: "a number above 0", default: learningRate
    ) { $0 > 0 }
    schedule = try section.choice("schedule", default: schedule)
    warmupRounds = try section.integer(
      "warmup_rounds", in: 0...1_000_000_000, default: warmupRounds)
    localSteps = try section.integer("local_steps", in: 1...1024, default: localSteps)
    weightDecay = try section.number(
      "weight_decay", rule: "a number from 0 up to 1", default: weightDecay
    ) { $0 >= 0 && $0 < 1 }
  }

  private mutating func readZerothOrder(_ section: ConfigurationSection) throws {
    directions = try section.integer("directions", in: 1...4096, default: directions)
    mu = try section.number("mu", rule: "a number above 0, at most 1", default: mu) {
      $0 > 0 && $0 <= 1
    }
    perturbation = try section.choice("perturbation", default: perturbation)
    if name == .zorba { seeding = try section.choice("seeding", default: seeding) }
    if weightDecay > 0, localSteps > 1 {
      throw section.failure(
        "weight_decay", "cannot be combined with local_steps above 1",
        advice: "Averaging trajectories equals averaging scalars only without decay; "
          + "set one of the two to its default.")
    }
  }

  private mutating func readFirstOrder(_ section: ConfigurationSection) throws {
    func share(_ value: Double) -> Bool { value >= 0 && value < 1 }
    let rule = "two numbers from 0 up to below 1"
    firstOrder.optimizer = try section.choice("optimizer", default: firstOrder.optimizer)
    let foreign = firstOrder.optimizer == .adamw ? "momentum" : "betas"
    if section.presentKeys.contains(foreign) {
      throw section.failure(
        foreign, "is no setting of \(firstOrder.optimizer.rawValue)",
        advice: "adamw has betas, sgd has momentum.")
    }
    firstOrder.momentum = try section.number(
      "momentum", rule: "a number from 0 up to below 1", default: firstOrder.momentum,
      accepts: share)
    firstOrder.betas = try section.numbers(
      "betas", rule: rule, default: firstOrder.betas, accepts: share)
    firstOrder.clipNorm = try section.number(
      "clip_norm", rule: "a number from 0 up", default: firstOrder.clipNorm
    ) { $0 >= 0 }
    firstOrder.accumulation = try section.integer(
      "accumulation", in: 1...65_536, default: firstOrder.accumulation)
    firstOrder.checkpointing = try section.flag(
      "checkpointing", default: firstOrder.checkpointing)
    firstOrder.serverLearningRate = try section.number(
      "server_learning_rate", rule: "a number above 0", default: firstOrder.serverLearningRate
    ) { $0 > 0 }
    firstOrder.upload = try section.choice("upload", default: firstOrder.upload)
    firstOrder.proximal = try section.number(
      "proximal", rule: "a number from 0 up", default: firstOrder.proximal
    ) { $0 >= 0 }
    firstOrder.serverBetas = try section.numbers(
      "server_betas", rule: rule, default: firstOrder.serverBetas, accepts: share)
    firstOrder.serverEpsilon = try section.number(
      "server_epsilon", rule: "a number above 0", default: firstOrder.serverEpsilon
    ) { $0 > 0 }
    for (key, values) in [
      ("betas", firstOrder.betas), ("server_betas", firstOrder.serverBetas),
    ] where values.count != 2 {
      throw section.failure(key, "has \(values.count) numbers", advice: "Use \(rule).")
    }
  }
}
