package import ZorBAJSON
import ZorBAOptimization
import ZorBATensor

extension RunConfiguration {
  /// Every key of the run, resolved, in the order of the run file.
  package var json: JSONValue {
    var data: [(String, JSONValue)] = [("train", .array(self.data.train.map { .string($0) }))]
    if let file = self.data.validation { data.append(("validation", .string(file))) }
    if let file = self.data.test { data.append(("test", .string(file))) }
    // A coordinator of sites has none.
    let hasData = self.data != DataFiles(train: [])
    var members: [(String, JSONValue)] =
      [("model", .string(model))] + (hasData ? [("data", Self.object(data))] : [])
    members += [
      ("task", task.json), ("federation", federation.json), ("method", method.json),
      ("batch", ["size": .integer(batch.size), "max_tokens": .integer(batch.maxTokens)]),
      ("rounds", .integer(rounds)), ("blocks", blocks.json),
      (
        "evaluate",
        [
          "every": .integer(evaluate.every), "split": .string(evaluate.split.rawValue),
          "limit": .integer(evaluate.limit),
        ]
      ),
      (
        "precision",
        ["weights": .string(precision.rawValue), "compute": .string(compute.rawValue)]
      ),
      (
        "guard",
        [
          "action": .string(guardrail.action.rawValue), "factor": .number(guardrail.factor),
        ]
      ),
      ("seed", .string("\(seed)")), ("out", .string(out)),
    ]
    // Left out where there is none, so that files and journals of such runs stay as they ever were.
    if memory.budgetMiB != 0 {
      members.append(("memory", ["budget_mib": .integer(memory.budgetMiB)]))
    }
    if let adapter { members.append(("adapter", adapter.json)) }
    if let rule = aggregation.json { members.append(("aggregation", rule)) }
    if let fairness { members.append(("fairness", fairness.json)) }
    if let secure = secureAggregation.json { members.append(("secure_aggregation", secure)) }
    if let differentialPrivacy {
      members.append(("differential_privacy", differentialPrivacy.json))
    }
    if approvals != ApprovalConfiguration() { members.append(("approvals", approvals.json)) }
    return Self.object(members)
  }

  /// What the journal keeps of the run: everything that decides its bits, without the folders of the
  /// machine it ran on.
  ///
  /// Of a run with sites it keeps no data files: every site has its own, and only the site knows it.
  package var journaled: JSONValue {
    func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
    var run = self
    run.model = name(model)
    if federation.sites.isEmpty {
      run.data.train = data.train.map(name)
      run.data.validation = data.validation.map(name)
      run.data.test = data.test.map(name)
    } else {
      run.data = DataFiles(train: [])
    }
    run.federation = federation.withoutOperation
    run.out = ""
    // It decides no bits, so a run may be resumed under another one.
    run.memory = MemoryConfiguration()
    run.blocks = blocks.withPaths(name)
    run.adapter?.path = adapter?.path.map(name)
    run.secureAggregation = secureAggregation.journaled
    return run.json
  }

  /// The same run with its relative paths taken from a folder, so that they hold anywhere; `out`
  /// stays as it is.
  package func withPaths(from folder: String) -> RunConfiguration {
    func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }
    var run = self
    run.model = absolute(model)
    run.data.train = data.train.map(absolute)
    run.data.validation = data.validation.map(absolute)
    run.data.test = data.test.map(absolute)
    run.blocks = blocks.withPaths(absolute)
    run.adapter?.path = adapter?.path.map(absolute)
    return run
  }

  /// The run as YAML that `RunFile.parse` reads back to an equal value.
  public var yamlText: String { YAMLText.document(json) }

  static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }
}

extension TaskConfiguration {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [("kind", .string(kind.rawValue))]
    if let template { members.append(("template", .string(template))) }
    if !labels.isEmpty {
      let words = labels.map { ($0.value, JSONValue.string($0.word)) }
      members.append(("labels", RunConfiguration.object(words)))
    }
    members.append(("prompt_column", .string(promptColumn)))
    members.append(("completion_column", .string(completionColumn)))
    // Left out where it is the model's own, so that other files and journals stay as they ever were.
    if let head { members.append(("head", .string(head.rawValue))) }
    return RunConfiguration.object(members)
  }
}
