import ZorBA
import ZorBAOptimization

/// The settings of `zorba demo`, found by trial on the bundled model.
enum DemoRecipe {
  static let rounds = 150

  static func configuration(
    resources: String, out: String, rounds: Int, seed: UInt64
  ) -> RunConfiguration {
    var run = RunConfiguration(
      model: "\(resources)/model",
      data: DataFiles(
        train: (1...4).map { "\(resources)/demo/site-\($0).jsonl" },
        test: "\(resources)/demo/test.jsonl"),
      out: out)
    run.task.template = "{text} Topic: {label}"
    run.federation.clients = 4
    run.federation.partition = .files
    run.federation.weights = .uniform
    run.method.directions = 4
    run.method.mu = 1e-3
    run.method.learningRate = 2e-3
    run.method.seeding = .shared
    run.batch.size = 16
    run.batch.maxTokens = 64
    run.rounds = rounds
    run.evaluate.every = 50
    run.evaluate.split = .test
    run.precision = .float32
    run.seed = seed
    return run
  }
}
