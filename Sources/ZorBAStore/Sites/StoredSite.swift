import GRDB
import ZorBADiagnostics

/// A site of a run as the coordinator remembers it.
package struct StoredSite: Hashable, Sendable {
  /// How a site stands to a run.
  package enum State: String, CaseIterable, Sendable {
    case absent
    case catchingUp = "catching_up"
    case ready, quarantined, left
  }

  /// As its certificate says; unique in a run.
  package var name: String
  /// Its place in the run's roster, from 1; fixed for the life of the run.
  package var number: Int
  package var state: State
  /// Why it stands as it does, for people; cut off where it gets long.
  package var reason: String
  /// Its weight in the mean; nil until the site said.
  package var examples: Int?
  /// What a round costs the site, a JSON object on one line; nil until the site said.
  package var costs: String?
  /// Memory it gives to the run; nil until the site said.
  package var budgetBytes: Int?
  package var activity: SiteActivity

  package init(
    name: String, number: Int, state: State = .absent, reason: String = "", examples: Int? = nil,
    costs: String? = nil, budgetBytes: Int? = nil, activity: SiteActivity = SiteActivity()
  ) {
    self.name = name
    self.number = number
    self.state = state
    self.reason = reason
    self.examples = examples
    self.costs = costs
    self.budgetBytes = budgetBytes
    self.activity = activity
  }

  init(_ row: Row) throws {
    let columns = ColumnReader(row, "site")
    self = try StoredSite(
      name: columns.text("name"), number: columns.integer("number"),
      state: columns.named(State.self, "state"), reason: columns.text("reason"),
      examples: columns.integerIfPresent("examples"), costs: columns.textIfPresent("costs"),
      budgetBytes: columns.integerIfPresent("budget_bytes"), activity: SiteActivity(columns)
    ).checked()
  }

  /// The site with its reason cut to length.
  ///
  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredSite {
    let checks = ValueChecks("site")
    var site = self
    site.name = try checks.name(name, "name")
    site.number = try checks.count(number, "number", from: 1)
    site.reason = checks.prose(reason)
    site.examples = try examples.map { try checks.count($0, "examples") }
    site.costs = try costs.map { try checks.json($0, "costs") }
    site.budgetBytes = try budgetBytes.map { try checks.count($0, "budget_bytes") }
    site.activity = try activity.checked()
    return site
  }
}
