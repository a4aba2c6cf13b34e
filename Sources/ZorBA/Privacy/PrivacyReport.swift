package import ZorBAJSON

/// What a run has spent of its promise.
public struct PrivacyReport: Sendable, Equatable {
  /// One site's part.
  public struct Site: Sendable, Equatable {
    /// The site's name.
    public var name: String
    /// Certainly not below the epsilon that was spent.
    public var epsilon: Double
    /// Certainly not above it, for a worst case of rows.
    public var lowerBound: Double
    /// The epsilon by Rényi divergences alone.
    public var renyi: Double
    /// sigma.
    public var noiseMultiplier: Double
    /// q.
    public var samplingRate: Double
    /// Uses of the mechanism, those that nobody saw included.
    public var uses: Int
  }

  /// The sites, in order.
  public var sites: [Site]
  /// What was promised.
  public var configuration: DifferentialPrivacyConfiguration?

  /// The largest epsilon of a site; where only sites know what they spent, what none of them exceeds.
  public var epsilon: Double { sites.map(\.epsilon).max() ?? configuration?.epsilon ?? 0 }

  /// What a coordinator knows: what was promised. Every site holds the run to it and keeps its own ledger.
  package init(promised configuration: DifferentialPrivacyConfiguration) {
    sites = []
    self.configuration = configuration
  }

  /// What was spent, site by site.
  package init(sites: [Site], configuration: DifferentialPrivacyConfiguration?) {
    self.sites = sites
    self.configuration = configuration
  }

  package var json: JSONValue {
    var members: [(String, JSONValue)] = [("epsilon", .number(epsilon))]
    if let configuration {
      members += [
        ("delta", .number(configuration.delta)),
        ("promised", configuration.json),
      ]
    }
    let sites = sites.map { site -> JSONValue in
      [
        "client": .string(site.name), "epsilon": .number(site.epsilon),
        "epsilon_lower_bound": .number(site.lowerBound), "epsilon_renyi": .number(site.renyi),
        "noise_multiplier": .number(site.noiseMultiplier),
        "sampling_rate": .number(site.samplingRate), "uses": .integer(site.uses),
      ]
    }
    members.append(("sites", .array(sites)))
    return RunConfiguration.object(members)
  }
}
