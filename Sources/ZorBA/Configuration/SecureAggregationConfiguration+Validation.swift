import ZorBAOptimization

extension SecureAggregationConfiguration {
  /// The first rule that a value breaks; nil when all hold.
  package var fault: RunConfiguration.Fault? {
    func fault(_ key: String, _ value: Any, _ rule: String) -> RunConfiguration.Fault {
      ("secure_aggregation.\(key)", "\(value)", rule)
    }
    if minimumGroup < Self.smallestGroup
      || minimumGroup > FederationConfiguration.maximumSites
    {
      return fault(
        "minimum_group", minimumGroup,
        "\(Self.smallestGroup) to \(FederationConfiguration.maximumSites): of two sites either "
          + "knows the other's answer from the sum")
    }
    if !(clip > 0 && clip <= Self.largestClip) {
      return fault("clip", clip, "a number above 0, at most \(Self.largestClip)")
    }
    if !(adversaryShare >= 0 && adversaryShare < 0.5) {
      return fault("adversary_share", adversaryShare, "a share from 0 up to below 0.5")
    }
    if !(dropoutShare >= 0 && dropoutShare < 0.5) {
      return fault("dropout_share", dropoutShare, "a share from 0 up to below 0.5")
    }
    if !(adversaryShare + 2 * dropoutShare < 1) {
      return fault(
        "dropout_share", dropoutShare,
        "a share of which twice itself and adversary_share, here \(adversaryShare), make less than 1: "
          + "enough honest sites must be left to agree who is in a sum")
    }
    return nil
  }
}

extension RunConfiguration {
  /// The first rule that secure aggregation breaks, or that the run breaks of its; nil when all hold.
  package var secureAggregationFault: Fault? {
    secureAggregation.fault ?? (secureAggregation.isOn ? secureAggregationObstacle : nil)
  }

  /// What of the run leaves nothing to add up under masks; nil when nothing does.
  package var secureAggregationObstacle: Fault? {
    func obstacle(_ what: String, _ rule: String) -> Fault {
      ("secure_aggregation", what, rule + ", or secure_aggregation: off")
    }
    if method.name.isFirstOrder {
      return obstacle(
        "on with the method \(method.name.rawValue), whose answers are updates, not scalars",
        "a zeroth-order method")
    }
    if method.seeding != .shared {
      return obstacle(
        "on with directions of every client's own, of which the journal needs each client's scalars",
        "method.seeding: shared")
    }
    if blocks.replanEvery > 0 {
      return obstacle(
        "on with plans made anew from rounds, which needs each client's scalars by halves",
        "blocks.replan_every: 0")
    }
    if federation.only != nil {
      return obstacle("on with one client alone, whose sum is its answer", "a whole federation")
    }
    if let conflict = aggregation.conflict(withSecureAggregation: true)
      ?? fairness?.conflict(withSecureAggregation: true)
    {
      return conflict
    }
    let sites = federation.sites.count
    if sites > 0, sites < secureAggregation.groupToAsk {
      return obstacle(
        "on with \(sites) sites, fewer than the \(secureAggregation.groupToAsk) of a group",
        "more sites")
    }
    return nil
  }
}
