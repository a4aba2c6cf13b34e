import ZorBAJSON

extension BlockConfiguration {
  /// The section of the run file. What the first runs did not know is left out where it has its
  /// default, so that files and journals of such runs stay as they ever were.
  var json: JSONValue {
    func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
    let plan: JSONValue =
      switch plan {
      case .file(let path): .string(Self.distinct(path) { Plan(name: $0) != nil })
      default: .string(plan.name ?? "")
      }
    var members: [(String, JSONValue)] = [("plan", plan)]
    if budgetsMiB.isEmpty {
      members.append(("active", numbers(active)))
    } else {
      members.append(("budgets_mib", numbers(budgetsMiB)))
    }
    members.append(("min_clients", .integer(minClients)))
    members.append(("rotate_every", .integer(rotateEvery)))
    members.append(("outer", .bool(outer)))

    let standard = BlockConfiguration()
    if stages != standard.stages {
      members.append(("stages", .array(stages.map { .string($0.rawValue) })))
    }
    if epsilon != Self.defaultEpsilon(stages: stages.count) {
      members.append(("epsilon", numbers(epsilon)))
    }
    if cycle != standard.cycle { members.append(("cycle", .integer(cycle))) }
    if minimumShare != standard.minimumShare {
      members.append(("minimum_share", .number(minimumShare)))
    }
    if let deadlineSeconds { members.append(("deadline_seconds", .number(deadlineSeconds))) }
    switch sensitivity {
    case .prior: break
    case .probe: members.append(("sensitivity", "probe"))
    case .file(let path):
      let path = Self.distinct(path) { ["prior", "probe"].contains($0) }
      members.append(("sensitivity", .string(path)))
    }
    if probeDirections != standard.probeDirections {
      members.append(("probe_directions", .integer(probeDirections)))
    }
    if let smoothness { members.append(("smoothness", .number(smoothness))) }
    if let calibration { members.append(("calibration", .string(calibration))) }
    if !required.isEmpty { members.append(("required", Self.json(required))) }
    if !forbidden.isEmpty { members.append(("forbidden", Self.json(forbidden))) }
    if !together.isEmpty {
      members.append(("together", .array(together.map { .array($0.map { .integer($0) }) })))
    }
    if replanEvery != 0 { members.append(("replan_every", .integer(replanEvery))) }
    return RunConfiguration.object(members)
  }

  /// What each stage may give away unless the run says otherwise.
  public static func defaultEpsilon(stages: Int) -> [Double] {
    Array(repeating: 0.05, count: max(0, stages - 1))
  }

  /// The same with other paths.
  func withPaths(_ change: (String) -> String) -> BlockConfiguration {
    var blocks = self
    if case .file(let path) = plan { blocks.plan = .file(change(path)) }
    if case .file(let path) = sensitivity { blocks.sensitivity = .file(change(path)) }
    blocks.calibration = calibration.map(change)
    return blocks
  }

  /// A file that is called like a choice keeps a folder, so that it reads back as a file.
  private static func distinct(_ path: String, isChoice: (String) -> Bool) -> String {
    isChoice(path) ? "./\(path)" : path
  }

  private static func json(_ demands: [String: [Int]]) -> JSONValue {
    RunConfiguration.object(
      demands.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
        ($0.key, .array($0.value.map { .integer($0) }))
      })
  }
}
