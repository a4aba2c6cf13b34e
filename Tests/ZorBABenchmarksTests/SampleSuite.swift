@testable import ZorBABenchmarks

/// A suite over files that nobody reads.
enum SampleSuite {
  static let text = """
    name: sample
    summary: A sample.
    variables: {model: base, data: null}
    regimes: [isolated, centralised, federated]
    methods:
      zorba:
      mezo:
      wide: {preset: decomfl, title: Wide, run: {method: {directions: 4}}}
    tasks:
      mood:
        title: Mood
        model: ${model}/checkpoint
        data: {train: "${data}/train.jsonl", test: "${data}/test.jsonl"}
        task: {labels: {1.50: "yes", two: no}}
        federation: {clients: 3}
        method: {learning_rate: 1e-4}
        batch: {size: 4}
        rounds: 10
        methods: {mezo: {rounds: 20}}
      desk:
        model: m
        data: {train: [a.jsonl, b.jsonl], test: t.jsonl}
        federation: {partition: {kind: files}}
    alphas: [0.1, 10]
    seeds: [1, 2]
    """

  static func parse(
    _ text: String = text, _ overrides: [String] = ["variables.data=/data"]
  ) throws -> BenchmarkSuite {
    try BenchmarkSuite.parse(
      text, file: "suite.yaml", overrides: overrides, base: "/base/", bundle: "/bundle")
  }

  static func cells(_ suite: BenchmarkSuite) throws -> [BenchmarkCell] {
    try suite.cells { "/pooled/\($0.name).jsonl" }
  }
}
