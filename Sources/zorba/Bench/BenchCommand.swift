import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how fast this machine trains, and how near to its limits.",
    discussion: """
      Nothing is written anywhere. For speeds that mean something use a release build and let \
      nothing else run.
      """,
    subcommands: [
      BenchStepCommand.self, BenchGemmCommand.self, BenchReplayCommand.self,
      BenchPeakCommand.self, BenchSecureAggregationCommand.self,
    ])
}
