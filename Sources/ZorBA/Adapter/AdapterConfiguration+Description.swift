import ZorBADiagnostics
package import ZorBAModels

extension AdapterConfiguration {
  /// What the adapter is, for a model of this shape.
  ///
  /// - Parameter stored: What the folder at `path` says; what this section says too must agree with it.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the key.
  package func description(
    for model: ModelConfiguration, stored: AdapterDescription? = nil
  ) throws -> AdapterDescription {
    if let fault {
      throw ZorBAError(
        .invalidConfiguration, "\(fault.value) cannot be used",
        at: .init(field: "adapter.\(fault.key)"), advice: "Use \(fault.rule).")
    }
    if let stored {
      try agree(with: stored)
      try stored.validate(for: model)
      return stored
    }
    let family = model.family.rawValue
    let named: AdapterDescription.Targets? =
      targets == ["all-linear"] ? .allLinear : targets.isEmpty ? nil : .modules(targets)
    let description: AdapterDescription
    switch kind ?? .lora {
    case .lora:
      guard
        let all = named
          ?? AdapterDescription.lowRankTargets(modelType: family).map({ .modules($0) })
      else { throw noTargets(family) }
      description = AdapterDescription(
        kind: .lowRank(
          .init(
            rank: rank ?? Self.defaultRank, alpha: alpha ?? Self.defaultAlpha,
            dropout: dropout ?? 0, isRankStabilised: isRankStabilised ?? false)),
        targets: all)
    case .ia3:
      let standard = AdapterDescription.scalingTargets(modelType: family)
      guard let all = named ?? standard.map({ .modules($0.targets) }) else {
        throw noTargets(family)
      }
      // Of other targets only those that are known to close a feed-forward network scale their inputs.
      let ends = (standard?.feedForward ?? []).filter { end in
        if case .modules(let names) = all { names.contains(end) } else { true }
      }
      description = AdapterDescription(
        kind: .scaling(feedForward: feedForward.isEmpty ? ends : feedForward), targets: all)
    }
    try description.validate(for: model)
    return description
  }

  private func noTargets(_ family: String) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, "family \(family) has no usual targets",
      at: .init(field: "adapter.targets"), advice: "Name the layers to adapt, or all-linear.")
  }

  private func agree(with stored: AdapterDescription) throws {
    let found = AdapterConfiguration(stored, path: path, base: base, baseDigest: baseDigest)
    func check<Value: Equatable>(_ key: String, _ given: Value?, _ found: Value?) throws {
      guard let given, given != found else { return }
      throw ZorBAError(
        .invalidConfiguration,
        "\(given) contradicts the adapter's own \(found.map { "\($0)" } ?? "lack of one")",
        at: .init(file: path, field: "adapter.\(key)"),
        advice: "Leave the key out where adapter.path is given.")
    }
    try check("kind", kind?.rawValue, found.kind?.rawValue)
    try check("rank", rank, found.rank)
    try check("alpha", alpha, found.alpha)
    try check("dropout", dropout, found.dropout)
    try check("rank_stabilised", isRankStabilised, found.isRankStabilised)
    try check("targets", targets.isEmpty ? nil : Set(targets), Set(found.targets))
    try check(
      "feed_forward", feedForward.isEmpty ? nil : Set(feedForward), Set(found.feedForward))
  }
}
