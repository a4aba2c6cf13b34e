import ZorBADiagnostics

extension RunConfiguration {
  /// Checks every value that a run file would have been refused for.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the key and its value.
  public func validate() throws {
    func require(_ holds: Bool, _ key: String, _ value: Any, _ rule: String) throws {
      guard !holds else { return }
      throw ZorBAError(
        .invalidConfiguration, "\(value) cannot be used", at: .init(field: key),
        advice: "Use \(rule).")
    }
    try require(!data.train.isEmpty, "data.train", "an empty list", "at least one file")
    try require(rounds >= 1, "rounds", rounds, "1 or more")
    try require(batch.size >= 1, "batch.size", batch.size, "1 or more")
    try require(batch.maxTokens >= 2, "batch.max_tokens", batch.maxTokens, "2 or more")
    try require(federation.clients >= 1, "federation.clients", federation.clients, "1 or more")
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
    let decay = method.weightDecay
    try require(decay >= 0 && decay < 1, "method.weight_decay", decay, "0 up to below 1")
    try require(
      blocks.active.allSatisfy { $0 > 0 && $0 <= 1 } && !blocks.active.isEmpty, "blocks.active",
      blocks.active, "shares above 0, at most 1")
    try require(blocks.minClients >= 0, "blocks.min_clients", blocks.minClients, "0 or more")
    try require(blocks.rotateEvery >= 0, "blocks.rotate_every", blocks.rotateEvery, "0 or more")
    try require(
      guardrail.factor > 3 && guardrail.factor.isFinite, "guard.factor", guardrail.factor,
      "a number above 3")
  }
}
