extension RunReport {
  /// What stood between the rows and those who watch the run.
  package struct Protection: Equatable, Sendable {
    /// A promise of differential privacy, and what was spent of it.
    package struct Privacy: Equatable, Sendable {
      /// What the promise is about: "record" or "site".
      package var level: String
      package var epsilon: Double
      package var delta: Double
      /// The longest vector of a unit's scalars.
      package var clip: Double
      /// Who adds the noise: "central" or "distributed".
      package var noise: String
      /// The noise over the clip, where the run says it; nil leaves it to each site.
      package var noiseMultiplier: Double?
      /// What sites spent, as far as their ledgers are known here.
      package var sites: [Spending] = []

      package init(
        level: String, epsilon: Double, delta: Double, clip: Double, noise: String,
        noiseMultiplier: Double? = nil, sites: [Spending] = []
      ) {
        self.level = level
        self.epsilon = epsilon
        self.delta = delta
        self.clip = clip
        self.noise = noise
        self.noiseMultiplier = noiseMultiplier
        self.sites = sites
      }

      /// The largest epsilon that a site spent; nil where no ledger is known.
      var spent: Double? { sites.map(\.epsilon).max() }
    }

    /// What a site's ledger says.
    package struct Spending: Equatable, Sendable {
      package var site: String
      package var epsilon: Double
      package var noiseMultiplier: Double
      package var samplingRate: Double
      /// Uses of the mechanism.
      package var uses: Int

      package init(
        site: String, epsilon: Double, noiseMultiplier: Double, samplingRate: Double, uses: Int
      ) {
        self.site = site
        self.epsilon = epsilon
        self.noiseMultiplier = noiseMultiplier
        self.samplingRate = samplingRate
        self.uses = uses
      }
    }

    package var privacy: Privacy?
    /// Whether the coordinator learnt sums of groups and no answer.
    package var isMasked: Bool
    /// The fewest sites of which a sum may be told.
    package var minimumGroup: Int?
    /// The fewest sites of which a sum was told.
    package var smallestGroup: Int?
    /// Why the run went in the clear although its file asked for no such thing.
    package var clearBecause: String?
    /// How answers were combined, in words.
    package var rule: String
    /// Who agreed to the run, and when.
    package var approvals: [Fact]

    package init(
      privacy: Privacy? = nil, isMasked: Bool, minimumGroup: Int? = nil, smallestGroup: Int? = nil,
      clearBecause: String? = nil, rule: String, approvals: [Fact] = []
    ) {
      self.privacy = privacy
      self.isMasked = isMasked
      self.minimumGroup = minimumGroup
      self.smallestGroup = smallestGroup
      self.clearBecause = clearBecause
      self.rule = rule
      self.approvals = approvals
    }
  }

  /// Privacy, masks, the rule of aggregation, and who approved.
  func protectionSection() -> Markup? {
    guard let protection else { return nil }
    var facts: [Fact] = []
    if let privacy = protection.privacy {
      facts += [
        Fact("differential privacy", Self.promise(privacy)),
        Fact("epsilon spent", Self.spent(privacy)),
        Fact(
          "noise",
          "\(privacy.noise), multiplier "
            + (privacy.noiseMultiplier.map { NumberText.significant($0, digits: 4) }
              ?? Self.span(privacy.sites.map(\.noiseMultiplier))
              ?? "as each site computes it from epsilon")),
        Fact("clip", NumberText.significant(privacy.clip, digits: 4)),
      ]
    } else {
      facts.append(Fact("differential privacy", "none: nothing is promised about rows"))
    }
    facts.append(Fact("secure aggregation", Self.masks(protection)))
    facts.append(Fact("aggregation", protection.rule))
    facts += protection.approvals.map { Fact("approved by", "\($0.name), \($0.value)") }
    var content = [RunReport.definitions(facts)]
    if let sites = protection.privacy?.sites, !sites.isEmpty {
      let rows = sites.map { site in
        [
          site.site, Self.rounded(up: site.epsilon),
          NumberText.significant(site.noiseMultiplier, digits: 4),
          NumberText.significant(site.samplingRate, digits: 4), NumberText.grouped(site.uses),
        ]
      }
      content.append(
        RunReport.table(
          ["site", "epsilon spent", "noise multiplier", "sampling rate", "uses"], rows,
          numbersFrom: 1))
    }
    return RunReport.section("What protected the rows", content)
  }

  /// A tile for the head of the page; nil where nothing was promised or no ledger is known.
  func privacyTile() -> Markup? {
    guard let privacy = protection?.privacy, let spent = privacy.spent else { return nil }
    return RunReport.tile(
      Self.rounded(up: spent), "epsilon spent",
      "of \(NumberText.significant(privacy.epsilon, digits: 4)) promised")
  }

  private static func promise(_ privacy: Protection.Privacy) -> String {
    "\(privacy.level) level, epsilon \(NumberText.significant(privacy.epsilon, digits: 4)) at delta "
      + NumberText.significant(privacy.delta)
  }

  private static func spent(_ privacy: Protection.Privacy) -> String {
    guard let spent = privacy.spent else {
      return "in each site's own ledger, which is not told; a site refuses before it overspends"
    }
    return "\(rounded(up: spent)) of \(NumberText.significant(privacy.epsilon, digits: 4)), at the "
      + "site that spent most"
  }

  private static func masks(_ protection: Protection) -> String {
    guard protection.isMasked else {
      return "off: the coordinator saw every answer"
        + (protection.clearBecause.map { ". \($0)" } ?? "")
    }
    let smallest = protection.smallestGroup.map { "the smallest of \(NumberText.grouped($0))" }
    let least = protection.minimumGroup.map { "at least \(NumberText.grouped($0)) demanded" }
    let detail = [smallest, least].compactMap { $0 }.joined(separator: "; ")
    return "on: the coordinator learnt sums over groups of sites"
      + (detail.isEmpty ? "" : ", \(detail)")
  }

  /// What was spent must not look less than it is.
  private static func rounded(up value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e9 else { return NumberText.significant(value) }
    return NumberText.fixed((value * 1e4).rounded(.up) / 1e4, digits: 4)
  }

  private static func span(_ values: [Double]) -> String? {
    guard let low = values.min(), let high = values.max() else { return nil }
    let ends = [low, high].map { NumberText.significant($0, digits: 4) }
    return ends[0] == ends[1] ? ends[0] : "\(ends[0]) to \(ends[1])"
  }
}
