import ZorBA
import ZorBADiagnostics

extension FederationConfiguration {
  init(_ section: ConfigurationSection, task: TaskConfiguration.Kind) throws {
    self.init()
    // Skew by label is for rows that have labels.
    if task == .languageModeling || task == .completion { partition = .uniform }
    if let sites = try section.texts("sites"), !sites.isEmpty { self.init(sites: sites) }
    clients = try section.integer("clients", in: 1...100_000, default: clients)
    partition = try Self.partition(section.section("partition"), default: partition)
    participation = try section.number(
      "participation", rule: "a share above 0, at most 1", default: participation
    ) { $0 > 0 && $0 <= 1 }
    weights = try section.choice("weights", default: weights)
    only = try section.text("only")
    try readOperation(section)
    try section.finish()
    if let fault {
      let key = String(fault.key.dropFirst("federation.".count))
      throw section.failure(
        key, "\(fault.value) cannot be used", advice: "Use \(fault.rule).")
    }
  }

  /// How rounds with sites are run.
  private mutating func readOperation(_ section: ConfigurationSection) throws {
    let isAny: (Double) -> Bool = { _ in true }
    let keys = [
      "quorum", "attempts", "deadline_seconds", "over_selection", "start_with", "digest_every",
      "absence_seconds",
    ]
    if sites.isEmpty, let key = section.presentKeys.first(where: keys.contains) {
      throw section.failure(
        key, "is for runs with sites", advice: "List them under federation.sites, or leave it out.")
    }
    quorum = try section.number("quorum", rule: "a share", default: quorum, accepts: isAny)
    attempts = try section.integer("attempts", in: 1...1000, default: attempts)
    deadlineSeconds = try section.number(
      "deadline_seconds", rule: "seconds", default: deadlineSeconds, accepts: isAny)
    overSelection = try section.number(
      "over_selection", rule: "a share", default: overSelection, accepts: isAny)
    startWith = try section.integer("start_with", in: 0...Self.maximumSites, default: startWith)
    digestEvery = try section.integer(
      "digest_every", in: 0...1_000_000_000, default: digestEvery)
    absenceSeconds = try section.number(
      "absence_seconds", rule: "seconds", default: absenceSeconds, accepts: isAny)
  }

  private static func partition(
    _ section: ConfigurationSection, default fallback: Partition
  ) throws -> Partition {
    guard let kind = try section.text("kind") else {
      try section.finish()
      return fallback
    }
    let partition: Partition
    switch kind {
    case "dirichlet":
      let alpha = try section.number(
        "alpha", rule: "a number above 0, at most 1e6", default: 0.5
      ) { $0 > 0 && $0 <= 1e6 }
      partition = .dirichlet(alpha: alpha)
    case "uniform": partition = .uniform
    case "column":
      guard let column = try section.text("column") else {
        throw section.failure("column", "is missing", advice: "Name the column, e.g. site.")
      }
      partition = .column(column)
    case "files": partition = .files
    default:
      throw section.failure(
        "kind", "'\(kind)' is not known", advice: "Use one of: dirichlet, uniform, column, files.")
    }
    try section.finish()
    return partition
  }
}
