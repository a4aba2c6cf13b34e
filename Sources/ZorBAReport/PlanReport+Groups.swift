extension PlanReport {
  /// Groups of sites that train the same blocks, as secure aggregation asks, and what that costs.
  package struct Groups: Equatable, Sendable {
    /// Sites of a group at least.
    package var minimum: Int
    /// The sites of each group; empty where no plan has such groups.
    package var members: [[String]]
    /// Gamma, bytes over all sites and time of the slowest without the rule; nil where not known.
    package var without: Without?
    /// Why the plan has no groups although they were asked for.
    package var missingBecause: String?

    package struct Without: Equatable, Sendable {
      package var convergence: Double
      package var memory: Double
      package var time: Double

      package init(convergence: Double, memory: Double, time: Double) {
        self.convergence = convergence
        self.memory = memory
        self.time = time
      }
    }

    package init(
      minimum: Int, members: [[String]] = [], without: Without? = nil,
      missingBecause: String? = nil
    ) {
      self.minimum = minimum
      self.members = members
      self.without = without
      self.missingBecause = missingBecause
    }
  }

  /// The most names of a group that are listed.
  private static let namesShown = 12

  /// What is said of groups, one sentence a line; empty without the rule.
  var groupLines: [String] {
    guard let groups else { return [] }
    if groups.members.isEmpty {
      return [
        "The plan has no groups, so answers cannot be added up under masks: "
          + (groups.missingBecause ?? "none was found") + "."
      ]
    }
    let members = groups.members.map { names in
      let more = names.count - Self.namesShown
      return names.prefix(Self.namesShown).joined(separator: ", ")
        + (more > 0 ? " and \(more) more" : "")
    }
    return ["Sites of a group train the same blocks; a group has at least \(groups.minimum)."]
      + zip(1..., members).map { "Group \($0): \($1)" } + [price(of: groups)]
  }

  private func price(of groups: Groups) -> String {
    guard let without = groups.without else {
      return "Price: not known; no plan without groups was found to compare with."
    }
    func change(_ value: Double, _ other: Double) -> String {
      guard other > 0 else { return "" }
      let share = value / other - 1
      return " (\(share >= 0 ? "+" : "")\(NumberText.percent(share)))"
    }
    return "Price: Gamma \(NumberText.significant(convergence, digits: 5)) instead of "
      + "\(NumberText.significant(without.convergence, digits: 5))"
      + change(convergence, without.convergence)
      + ", memory \(NumberText.fineBytes(memory)) instead of "
      + NumberText.fineBytes(without.memory) + change(memory, without.memory)
      + ", \(timeUnit == .seconds ? "time" : "cost") \(text(time: time)) instead of "
      + text(time: without.time) + change(time, without.time) + "."
  }

  func groupsSection() -> Markup? {
    RunReport.section("Groups", groupLines.map { .tag("p", [:], text: $0) })
  }
}
