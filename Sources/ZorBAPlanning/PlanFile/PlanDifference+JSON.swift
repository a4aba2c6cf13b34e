package import ZorBAJSON

extension PlanDifference {
  /// The difference as JSON; parts that do not change are left out.
  package var json: JSONValue {
    var object = JSONObject()
    func add(_ key: String, _ value: JSONValue?) {
      if let value { _ = object.append(.init(key: key, value: value)) }
    }
    add("same", .bool(isEmpty))
    add("convergence", convergence?.json)
    add("cycle", cycle?.json)
    add("window", window?.json)
    add("joined", joined.isEmpty ? nil : .array(joined.map { .string($0) }))
    add("left", left.isEmpty ? nil : .array(left.map { .string($0) }))
    add("sites", .array(sites.map(\.json)))
    return .object(object)
  }
}

extension PlanDifference.Change {
  fileprivate var json: JSONValue { ["before": .number(before), "after": .number(after)] }
}

extension PlanDifference.Site {
  fileprivate var json: JSONValue {
    var changes = JSONObject()
    for (block, share) in shares.sorted(by: { $0.key < $1.key }) {
      _ = changes.append(.init(key: "\(block)", value: share.json))
    }
    var paid = JSONObject()
    for (name, cost) in costs.sorted(by: { $0.key < $1.key }) {
      _ = paid.append(.init(key: name, value: cost.json))
    }
    return [
      "client": .string(client), "gained": .array(gained.map { .integer($0) }),
      "lost": .array(lost.map { .integer($0) }), "shares": .object(changes),
      "costs": .object(paid),
    ]
  }
}
