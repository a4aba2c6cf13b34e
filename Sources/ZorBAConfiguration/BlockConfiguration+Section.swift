import ZorBA
import ZorBADiagnostics

extension BlockConfiguration {
  init(_ section: ConfigurationSection, resolved: (String) -> String) throws {
    self.init()
    let name = try section.text("plan") ?? "full"
    plan = Plan(name: name) ?? .file(resolved(name))
    let isNumber: (Double) -> Bool = { _ in true }
    if section.presentKeys.contains("active"), section.presentKeys.contains("budgets_mib") {
      throw section.failure(
        "budgets_mib", "stands beside active",
        advice: "Give shares of the blocks (active) or memory (budgets_mib), not both.")
    }
    active = try section.numbers(
      "active", rule: "shares above 0, at most 1, one for all clients or one a client",
      default: active
    ) { $0 > 0 && $0 <= 1 }
    budgetsMiB = try section.numbers(
      "budgets_mib", rule: "sizes above 0 in MiB, one for all clients or one a client",
      default: budgetsMiB
    ) { $0 > 0 }
    minClients = try section.integer("min_clients", in: 0...100_000, default: minClients)
    rotateEvery = try section.integer(
      "rotate_every", in: 0...1_000_000_000, default: rotateEvery)
    outer = try section.flag("outer", default: outer)
    if let names = try section.texts("stages") {
      stages = try names.map { name in
        guard let stage = Stage(rawValue: name) else {
          throw section.failure(
            "stages", "'\(name)' is not known",
            advice: "Use: \(Stage.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return stage
      }
    }
    epsilon = try section.numbers(
      "epsilon", rule: "numbers from 0", default: Self.defaultEpsilon(stages: stages.count),
      accepts: isNumber)
    cycle = try section.integer("cycle", in: 1...Int.max, default: cycle)
    minimumShare = try section.number(
      "minimum_share", rule: "a share above 0, at most 1", default: minimumShare,
      accepts: isNumber)
    deadlineSeconds = try Self.optional(section, "deadline_seconds")
    switch try section.text("sensitivity") ?? "prior" {
    case "prior": sensitivity = .prior
    case "probe": sensitivity = .probe
    case let path: sensitivity = .file(resolved(path))
    }
    probeDirections = try section.integer(
      "probe_directions", in: 1...1_000_000, default: probeDirections)
    smoothness = try Self.optional(section, "smoothness")
    calibration = try section.text("calibration").map(resolved)
    required = try section.blocksByClient("required")
    forbidden = try section.blocksByClient("forbidden")
    together = try section.blockLists("together")
    replanEvery = try section.integer(
      "replan_every", in: 0...1_000_000_000, default: replanEvery)
    try section.finish()
    if let fault {
      throw section.failure(
        fault.key, "\(fault.value) cannot be used", advice: "Use \(fault.rule).")
    }
  }

  private static func optional(_ section: ConfigurationSection, _ name: String) throws -> Double? {
    guard try section.text(name) != nil else { return nil }
    return try section.number(name, rule: "a number above 0", default: 1) { $0 > 0 }
  }
}
