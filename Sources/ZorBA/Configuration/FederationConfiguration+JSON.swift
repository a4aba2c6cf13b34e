import ZorBAJSON
import ZorBAOptimization

extension FederationConfiguration {
  /// The section of the run file. What concerns sites is left out where it has its default, so that
  /// files and journals of runs without stay as they ever were.
  var json: JSONValue {
    let partition: JSONValue =
      switch partition {
      case .dirichlet(let alpha): ["kind": "dirichlet", "alpha": .number(alpha)]
      case .uniform: ["kind": "uniform"]
      case .column(let name): ["kind": "column", "column": .string(name)]
      case .files: ["kind": "files"]
      }
    var members: [(String, JSONValue)] = [
      ("clients", .integer(clients)), ("partition", partition),
      ("participation", .number(participation)), ("weights", .string(weights.rawValue)),
    ]
    if !sites.isEmpty { members.append(("sites", .array(sites.map { .string($0) }))) }
    if let only { members.append(("only", .string(only))) }
    return RunConfiguration.object(members + operation)
  }

  private var operation: [(String, JSONValue)] {
    let standard = FederationConfiguration()
    var members: [(String, JSONValue)] = []
    func add(_ key: String, _ value: Double, _ standard: Double) {
      if value != standard { members.append((key, .number(value))) }
    }
    func add(_ key: String, _ value: Int, _ standard: Int) {
      if value != standard { members.append((key, .integer(value))) }
    }
    add("quorum", quorum, standard.quorum)
    add("attempts", attempts, standard.attempts)
    add("deadline_seconds", deadlineSeconds, standard.deadlineSeconds)
    add("over_selection", overSelection, standard.overSelection)
    add("start_with", startWith, standard.startWith)
    add("digest_every", digestEvery, standard.digestEvery)
    add("absence_seconds", absenceSeconds, standard.absenceSeconds)
    return members
  }
}
