import Testing
import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAOptimization

/// The keys of `method`: which belong to which method, and what they may be.
@Suite struct MethodSectionTests {
  private func run(_ method: String, _ more: String = "") throws -> RunConfiguration {
    try RunFile.parse(
      "model: m\ndata: {train: t.jsonl}\nmethod: {\(method)}\n\(more)", file: "r.yaml")
  }

  @Test func everyMethodComesBack() throws {
    let texts = [
      "name: fedavg",
      "name: fedavg, optimizer: sgd, momentum: 0.9, clip_norm: 0, accumulation: 4, upload: int8",
      "name: fedprox, proximal: 0.5, betas: [0.8, 0.9], checkpointing: true, local_steps: 7",
      "name: fedadam, server_learning_rate: 0.1, server_betas: [0, 0.5], server_epsilon: 1e-2",
      "name: fedavg, weight_decay: 0.1, local_steps: 3",
      "name: fedkseed, pool: 128, directions: 2, local_steps: 5",
    ]
    for text in texts {
      let made = try run(text)
      #expect(throws: Never.self) { try made.validate() }
      #expect(try RunFile.parse(made.yamlText, file: "again.yaml") == made, "\(text)")
      #expect(text.contains("name: \(made.method.name.rawValue)"))
    }
    #expect(try run(texts[0]).method.learningRate == 1e-4)
    #expect(try run("name: fedavg, learning_rate: 0.5").method.learningRate == 0.5)
    #expect(try run("directions: 2").method.learningRate == 1e-6)
    let pooled = try run(texts[5]).method
    #expect(pooled.seeding == .perClient && pooled.pool == 128)
  }

  @Test(arguments: [
    ("name: fedavg, mu: 0.1", "mu", "zorba"), ("name: fedavg, directions: 2", "directions", ""),
    ("name: fedavg, proximal: 0.1", "proximal", "fedprox"),
    ("name: fedprox, server_betas: [0, 0]", "server_betas", "fedadam"),
    ("name: zorba, optimizer: sgd", "optimizer", "fedavg"), ("pool: 5", "pool", "fedkseed"),
    ("name: fedkseed, seeding: shared", "seeding", "zorba"),
    ("name: fedkseed, weight_decay: 0.1", "weight_decay", ""),
    ("name: fedavg, momentum: 0.5", "momentum", "adamw"),
    ("name: fedavg, optimizer: sgd, betas: [0, 0]", "betas", "sgd"),
    ("name: fedavg, betas: [0.5]", "betas", "1 numbers"),
    ("name: fedavg, betas: [0.5, 1]", "betas", "'1'"),
    ("name: fedavg, clip_norm: -1", "clip_norm", ""),
    ("name: fedavg, server_learning_rate: 0", "server_learning_rate", ""),
    ("name: fedavg, upload: int4", "upload", "int4"),
    ("name: fedavg, acumulation: 2", "acumulation", "unknown"),
    ("name: fedkseed, pool: 0", "pool", ""), ("name: fedsgd", "name", "fedsgd"),
  ])
  func whatCannotBeIsRefused(_ text: String, _ key: String, _ said: String) throws {
    let error = #expect(throws: ZorBAError.self) { try run(text) }
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.location.field == "method.\(key)")
    #expect(said.isEmpty || error?.message.contains(said) == true, "\(error?.message ?? "")")
  }

  @Test func otherSectionsMustFit() throws {
    for (method, more) in [
      ("name: fedavg", "memory: {budget_mib: 100}"),
      ("name: fedavg", "blocks: {replan_every: 5}"),
      ("name: fedavg, accumulation: 8", "batch: {size: 4}"),
    ] {
      let error = #expect(throws: ZorBAError.self) { try run(method, more) }
      #expect(error?.code == .invalidConfiguration)
    }
    var pooled = try run("name: fedkseed")
    pooled.method.seeding = .shared
    #expect(throws: ZorBAError.self) { try pooled.validate() }
  }
}
