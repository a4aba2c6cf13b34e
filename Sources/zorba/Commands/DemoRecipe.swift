import ZorBA
import ZorBAOptimization
import ZorBATensor

/// The settings of `zorba demo`, found by trial on the bundled model.
enum DemoRecipe {
  static let rounds = 160
  /// The order matters: shares of blocks are given by site.
  static let sites = ["bank", "clinic", "shop", "energy"]

  /// What the messages are about.
  static let labels = [
    "account", "appointment", "complaint", "delivery", "payment", "praise",
  ]

  static func configuration(
    resources: String, out: String, rounds: Int, seed: UInt64
  ) -> RunConfiguration {
    var run = RunConfiguration(
      model: "\(resources)/model",
      data: DataFiles(
        train: sites.map { "\(resources)/demo/\($0).jsonl" },
        test: "\(resources)/demo/test.jsonl"),
      out: out)
    run.task.template = "{text} Topic: {label}"
    run.federation.clients = sites.count
    run.federation.partition = .files
    run.federation.weights = .uniform
    run.method.directions = 3
    run.method.mu = 1e-3
    run.method.learningRate = 1.2e-3
    run.method.schedule = .linear
    run.method.perturbation = .popcount
    run.method.seeding = .perClient
    run.blocks.plan = .random
    run.blocks.active = [0.5, 0.5, 0.75, 1]
    run.batch.size = 16
    run.batch.maxTokens = 64
    run.rounds = rounds
    run.evaluate.every = 40
    run.evaluate.split = .test
    run.precision = .float32
    run.seed = seed
    return run
  }
}
