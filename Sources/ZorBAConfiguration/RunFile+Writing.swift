public import ZorBA
import ZorBATensor

extension RunFile {
  /// The run as YAML that `parse` reads back to an equal value.
  public static func text(of run: RunConfiguration) -> String {
    var lines = ["model: \(quoted(run.model))", "data:"]
    lines.append("  train: [\(run.data.train.map(quoted).joined(separator: ", "))]")
    if let file = run.data.validation { lines.append("  validation: \(quoted(file))") }
    if let file = run.data.test { lines.append("  test: \(quoted(file))") }
    lines += task(run.task) + federation(run.federation) + method(run.method)
    lines += ["batch: {size: \(run.batch.size), max_tokens: \(run.batch.maxTokens)}"]
    lines += ["rounds: \(run.rounds)"] + blocks(run.blocks)
    lines.append(
      "evaluate: {every: \(run.evaluate.every), split: \(run.evaluate.split.rawValue), "
        + "limit: \(run.evaluate.limit)}")
    lines.append("precision: {weights: \(run.precision.rawValue), compute: auto}")
    lines.append(
      "guard: {action: \(run.guardrail.action.rawValue), factor: \(run.guardrail.factor)}")
    lines += ["seed: \(run.seed)", "out: \(quoted(run.out))"]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func task(_ task: TaskConfiguration) -> [String] {
    var lines = ["task:", "  kind: \(task.kind.rawValue)"]
    if let template = task.template { lines.append("  template: \(quoted(template))") }
    if !task.labels.isEmpty {
      lines.append("  labels:")
      lines += task.labels.map { "    \(quoted($0.value)): \(quoted($0.word))" }
    }
    lines.append("  prompt_column: \(quoted(task.promptColumn))")
    lines.append("  completion_column: \(quoted(task.completionColumn))")
    return lines
  }

  private static func federation(_ federation: FederationConfiguration) -> [String] {
    let partition =
      switch federation.partition {
      case .dirichlet(let alpha): "{kind: dirichlet, alpha: \(alpha)}"
      case .uniform: "{kind: uniform}"
      case .column(let name): "{kind: column, column: \(quoted(name))}"
      case .files: "{kind: files}"
      }
    return [
      "federation:", "  clients: \(federation.clients)", "  partition: \(partition)",
      "  participation: \(federation.participation)", "  weights: \(federation.weights.rawValue)",
    ]
  }

  private static func method(_ method: MethodConfiguration) -> [String] {
    [
      "method:", "  name: zorba", "  directions: \(method.directions)", "  mu: \(method.mu)",
      "  learning_rate: \(method.learningRate)", "  schedule: \(method.schedule.rawValue)",
      "  warmup_rounds: \(method.warmupRounds)",
      "  perturbation: \(method.perturbation.rawValue)", "  seeding: \(method.seeding.rawValue)",
      "  local_steps: \(method.localSteps)", "  weight_decay: \(method.weightDecay)",
    ]
  }

  private static func blocks(_ blocks: BlockConfiguration) -> [String] {
    let plan =
      switch blocks.plan {
      case .full: "full"
      case .random: "random"
      case .file(let path): quoted(path)
      }
    return [
      "blocks:", "  plan: \(plan)",
      "  active: [\(blocks.active.map { "\($0)" }.joined(separator: ", "))]",
      "  min_clients: \(blocks.minClients)", "  rotate_every: \(blocks.rotateEvery)",
      "  outer: \(blocks.outer)",
    ]
  }

  /// A double-quoted YAML scalar.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}":
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
