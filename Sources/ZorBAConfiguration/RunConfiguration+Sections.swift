import ZorBA
import ZorBADiagnostics

extension RunConfiguration {
  init(_ root: ConfigurationSection, base: String) throws {
    func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : base + path }

    guard let model = try root.text("model") else {
      throw root.failure(
        "model", "is missing", advice: "Give the folder of a Hugging Face checkpoint.")
    }
    let task = try TaskConfiguration(root.section("task"))
    let federation = try FederationConfiguration(root.section("federation"), task: task.kind)
    let data = try DataFiles(
      root.section("data"), mayBeAbsent: !federation.sites.isEmpty, resolved: resolved)
    self.init(model: resolved(model), data: data)
    self.task = task
    self.federation = federation
    method = try MethodConfiguration(root.section("method"))
    let batchSection = try root.section("batch")
    batch.size = try batchSection.integer("size", in: 1...65_536, default: batch.size)
    batch.maxTokens = try batchSection.integer(
      "max_tokens", in: 2...1_048_576, default: batch.maxTokens)
    try batchSection.finish()
    rounds = try root.integer("rounds", in: 1...1_000_000_000, default: rounds)
    blocks = try BlockConfiguration(root.section("blocks"), resolved: resolved)
    evaluate = try EvaluationConfiguration(root.section("evaluate"))
    let precisions = try root.section("precision")
    precision = try precisions.choice("weights", default: precision)
    compute = try precisions.choice("compute", default: compute)
    try precisions.finish()
    guardrail = try GuardConfiguration(root.section("guard"))
    memory = try MemoryConfiguration(root.section("memory"))
    aggregation = try AggregationConfiguration(root.section("aggregation"))
    try readFairness(root)
    let section = try root.section("adapter")
    if case .mapping = root.node("adapter")?.content {
      adapter = try AdapterConfiguration(section, resolved: resolved)
    }
    secureAggregation = try SecureAggregationConfiguration(root)
    let privacy = try root.section("differential_privacy")
    if case .mapping = root.node("differential_privacy")?.content {
      differentialPrivacy = try DifferentialPrivacyConfiguration(privacy)
    }
    approvals = try ApprovalConfiguration(
      root.section("approvals"), sites: federation.sites.count)
    seed = try root.unsigned("seed", default: seed)
    out = try root.text("out") ?? out
    try root.finish()
    try checkCombinations(root)
  }

  private func checkCombinations(_ root: ConfigurationSection) throws {
    let combination = methodFault ?? combinationFault ?? secureAggregationFault
    if let fault = siteFault ?? combination ?? differentialPrivacyFault {
      let key = fault.key.split(separator: ".").map(String.init)
      throw root.failure(
        key.first ?? "", "\(fault.key): \(fault.value) cannot be used", advice: "Use \(fault.rule)."
      )
    }
    if let fault = adapterFault {
      throw root.failure(
        "adapter", "adapter.\(fault.key): \(fault.value) cannot be used",
        advice: "Use \(fault.rule).")
    }
    if case .files = federation.partition { return }
    if data.train.count > 1 {
      throw root.failure(
        "data", "lists \(data.train.count) training files, but the partition is not 'files'",
        advice: "Set federation.partition.kind to files, or give one file.")
    }
  }
}

extension DataFiles {
  /// - Parameter mayBeAbsent: Whether there may be no training rows, as at a coordinator of sites.
  fileprivate init(
    _ section: ConfigurationSection, mayBeAbsent: Bool, resolved: (String) -> String
  ) throws {
    let train = try section.texts("train") ?? []
    guard mayBeAbsent || !train.isEmpty else {
      throw section.failure(
        "train", "is missing", advice: "Give a .jsonl, .csv, .tsv or .txt file of training rows.")
    }
    self.init(
      train: train.map(resolved), validation: try section.text("validation").map(resolved),
      test: try section.text("test").map(resolved))
    try section.finish()
  }
}

extension TaskConfiguration {
  fileprivate init(_ section: ConfigurationSection) throws {
    self.init()
    kind = try section.choice("kind", default: kind)
    template = try section.text("template")
    labels = (try section.table("labels") ?? []).map { ($0.key, $0.value) }
    promptColumn = try section.text("prompt_column") ?? promptColumn
    completionColumn = try section.text("completion_column") ?? completionColumn
    if try section.text("head") != nil {
      head = try section.choice("head", default: Head.languageModel)
    }
    try section.finish()
  }
}

extension EvaluationConfiguration {
  fileprivate init(_ section: ConfigurationSection) throws {
    self.init()
    every = try section.integer("every", in: 0...1_000_000_000, default: every)
    split = try section.choice("split", default: split)
    limit = try section.integer("limit", in: 0...1_000_000_000, default: limit)
    try section.finish()
  }
}

extension GuardConfiguration {
  fileprivate init(_ section: ConfigurationSection) throws {
    self.init()
    action = try section.choice("action", default: action)
    factor = try section.number("factor", rule: "a number above 3", default: factor) { $0 > 3 }
    try section.finish()
  }
}

extension MemoryConfiguration {
  fileprivate init(_ section: ConfigurationSection) throws {
    self.init()
    budgetMiB = try section.integer(
      "budget_mib", in: 0...Self.largestBudgetMiB, default: budgetMiB)
    try section.finish()
  }
}
