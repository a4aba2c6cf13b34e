import ZorBADiagnostics

extension RunConfiguration {
  /// Checks what would have a run file refused, for runs that were made in code.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the key and its value.
  public func validate() throws {
    func require(_ holds: Bool, _ key: String, _ value: Any, _ rule: String) throws {
      guard !holds else { return }
      throw ZorBAError(
        .invalidConfiguration, "\(value) cannot be used", at: .init(field: key),
        advice: "Use \(rule).")
    }
    if let fault = federation.fault ?? siteFault ?? methodFault ?? secureAggregationFault {
      try require(false, fault.key, fault.value, fault.rule)
    }
    try require(
      !data.train.isEmpty || !federation.sites.isEmpty, "data.train", "an empty list",
      "at least one file")
    if federation.partition != .files {
      try require(
        data.train.count <= 1, "data.train", "a list of \(data.train.count) files",
        "one file, or the partition 'files'")
    }
    try require((1...1_000_000_000).contains(rounds), "rounds", rounds, "1 to 1000000000")
    try require(
      (1...65_536).contains(batch.size), "batch.size", batch.size, "1 to 65536")
    try require(
      (2...1_048_576).contains(batch.maxTokens), "batch.max_tokens", batch.maxTokens,
      "2 to 1048576")
    try require(
      (1...100_000).contains(federation.clients), "federation.clients", federation.clients,
      "1 to 100000")
    let share = federation.participation
    try require(share > 0 && share <= 1, "federation.participation", share, "above 0, at most 1")
    if case .dirichlet(let alpha) = federation.partition {
      try require(
        alpha > 0 && alpha.isFinite, "federation.partition.alpha", alpha, "a number above 0")
    }
    try require(
      (1...4096).contains(method.directions), "method.directions", method.directions, "1 to 4096")
    try require(
      (1...1024).contains(method.localSteps), "method.local_steps", method.localSteps, "1 to 1024")
    try require(method.mu > 0 && method.mu <= 1, "method.mu", method.mu, "above 0, at most 1")
    let rate = method.learningRate
    try require(rate > 0 && rate.isFinite, "method.learning_rate", rate, "a number above 0")
    try require(
      (0...1_000_000_000).contains(method.warmupRounds), "method.warmup_rounds",
      method.warmupRounds, "0 to 1000000000")
    let decay = method.weightDecay
    try require(decay >= 0 && decay < 1, "method.weight_decay", decay, "0 up to below 1")
    try require(
      decay == 0 || method.localSteps == 1 || method.name.isFirstOrder, "method.weight_decay",
      decay,
      "0 with local_steps above 1")
    if let fault = blocks.fault {
      try require(false, "blocks.\(fault.key)", fault.value, fault.rule)
    }
    if let fault = adapter?.fault ?? adapterFault {
      try require(false, "adapter.\(fault.key)", fault.value, fault.rule)
    }
    try require(
      guardrail.factor > 3 && guardrail.factor.isFinite, "guard.factor", guardrail.factor,
      "a number above 3")
    let largest = MemoryConfiguration.largestBudgetMiB
    try require(
      (0...largest).contains(memory.budgetMiB), "memory.budget_mib", memory.budgetMiB,
      "0 to \(largest)")
  }
}

extension RunConfiguration {
  /// What a value breaks: the key, the value and the rule in words.
  package typealias Fault = (key: String, value: String, rule: String)

  /// The first rule of runs with sites that other sections break; nil when all hold.
  package var siteFault: Fault? {
    let sites = federation.sites.count
    guard sites > 0 else { return nil }
    let files = data.train.count
    guard files <= 1 || files == sites else {
      return (
        "data.train", "A list of \(files) files for \(sites) sites",
        "one file a site in the order of federation.sites, or leave data out for a coordinator"
      )
    }
    guard task.kind != .classification || !task.labels.isEmpty else {
      return (
        "task.labels", "An empty list for a run with sites",
        "'value: word' for every label: no site may look into another's data for them"
      )
    }
    return nil
  }

  /// The first rule of runs with an adapter that other sections break; the key is one below `adapter`.
  package var adapterFault: Fault? {
    guard let adapter else { return nil }
    if adapter.base == .nf4, precision != .asCheckpoint {
      return (
        "base", "nf4 with precision.weights \(precision.rawValue)",
        "nf4 with precision.weights as_checkpoint"
      )
    }
    if adapter.base == .nf4, memory.budgetMiB > 0 {
      return ("base", "nf4 under memory.budget_mib", "one of the two")
    }
    if blocks.calibration != nil {
      return (
        "kind", "an adapter with blocks.calibration",
        "plans without a calibration: calibrations are of whole models"
      )
    }
    return nil
  }

  /// Checks that a whole federation can be simulated: that there is data for every client.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming `data.train`.
  package func validateData() throws {
    let sites = federation.sites.count
    guard sites > 0, data.train.count != sites else { return }
    throw ZorBAError(
      .invalidConfiguration,
      "there are \(data.train.count) training files for \(sites) sites",
      at: .init(field: "data.train"),
      advice: "List one file a site, in the order of federation.sites.")
  }
}
