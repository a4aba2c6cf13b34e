import Synchronization
import ZorBAJSON
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// A run over a tiny checkpoint and a few labelled rows, all in one folder.
struct TinyRun {
  let folder: TemporaryFolder
  var configuration: RunConfiguration
  /// What plans are made from; nil takes the sizes of the model.
  var estimates: ((PlanShape) -> PlanEstimates)?
  /// Where first-order methods take gradients from; nil takes the model's own.
  var gradients: GradientFactory?

  /// - Parameters:
  ///   - checkpoint: The base model.
  ///   - rows: Training rows; sites `a`, `b`, `c` hold 1/2, 1/3 and 1/6 of them.
  ///   - change: What differs from three sites, two examples a batch, six rounds.
  init(
    _ checkpoint: TinyCheckpoint = TinyCheckpoint(), rows: Int = 12,
    change: (inout RunConfiguration) -> Void = { _ in }
  ) throws {
    folder = try TemporaryFolder()
    let model = try checkpoint.write(to: folder)
    let train = try folder.write(Self.rows(rows, seed: 1), to: "train.jsonl")
    let test = try folder.write(Self.rows(6, seed: 2), to: "test.jsonl")
    var run = RunConfiguration(
      model: model, data: DataFiles(train: [train], validation: test, test: test),
      out: folder.path("run"))
    run.task.template = "{text}={label}"
    run.task.labels = [("good", "y"), ("bad", "n")]
    run.federation.partition = .column("site")
    run.method.learningRate = 0.02
    run.method.mu = 1e-2
    run.batch.size = 2
    run.rounds = 6
    run.evaluate.every = 2
    run.seed = 7
    change(&run)
    configuration = run
  }

  static func rows(_ count: Int, seed: UInt64) -> String {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let letters = (0..<Int.random(in: 1...5, using: &random)).map { _ in
        "abcdefgh".randomElement(using: &random) ?? "a"
      }
      let row: JSONValue = [
        "text": .string(String(letters)), "label": index % 2 == 0 ? "good" : "bad",
        "site": .string(["a", "b", "a", "c", "b", "a"][index % 6]),
      ]
      return row.serialized + "\n"
    }.joined()
  }

  /// Runs, or continues, in `out`; ends after `stop` rounds of this call.
  func run(
    resume: Bool = false, stop: Int? = nil, out: String? = nil, threads: Int = 1
  ) throws -> RunResult {
    var configuration = configuration
    if let out { configuration.out = out }
    var options = Simulation.Options()
    options.threads = threads
    options.estimates = estimates
    options.gradients = gradients
    let rounds = Counter()
    if let stop { options.isInterrupted = { rounds.next() >= stop } }
    return try Simulation(configuration, options: options).run(resume: resume)
  }

  /// The run with everything loaded, for tests that drive rounds themselves.
  func prepared(
    threads: Int = 1, instructionSet: InstructionSet? = nil
  ) throws -> PreparedRun {
    try PreparedRun(
      configuration,
      context: ComputeContext(instructionSet: instructionSet, threads: threads)
    ) { _ in }
  }

  /// Makes `blocks.plan` a file with these matrices, rows of 0 and 1.
  mutating func plan(_ cycle: [[[Int]]], window: Int = 1) throws {
    let matrices = cycle.map { matrix in
      JSONValue.array(matrix.map { .array($0.map { .integer($0) }) })
    }
    let plan: JSONValue = ["cycle": .array(matrices), "window": .integer(window)]
    configuration.blocks.plan = .file(try folder.write(plan.serialized, to: "plan.json"))
    configuration.blocks.minClients = 0
  }
}

/// Counts calls from 0.
final class Counter: Sendable {
  private let count = Mutex(0)

  func next() -> Int {
    count.withLock { count in
      defer { count += 1 }
      return count
    }
  }
}
