import ZorBAFederation
package import ZorBAJSON

/// A plan as JSON: what `zorba plan --json` prints and what a run takes as `blocks.plan`.
///
///     matrix | cycle, window   entries 0 and 1, a row a client, a column a block
///     convergence              Gamma of this plan and its terms, and a bound below the Gamma of any plan
///     memory_bytes, time       one number a client
///     blocks                   coverage (mean clients over the cycle), bias, variance, one number a block
///     stages                   stage, value, lower_bound, gap, proven_optimal, in the order of decision
///     groups                   under the rule of groups: minimum, members, price, without
///     front                    one entry a tolerance: the same in short
///     seconds                  how long the planner took
package struct PlanDocument: Sendable {
  package var outcome: PlanningOutcome
  /// Plans for a sweep over epsilon; empty without one.
  package var front: [Planner.FrontPoint]
  /// Seconds that planning took; nil leaves them out.
  package var seconds: Double?

  package init(
    _ outcome: PlanningOutcome, front: [Planner.FrontPoint] = [], seconds: Double? = nil
  ) {
    self.outcome = outcome
    self.front = front
    self.seconds = seconds
  }

  package var json: JSONValue {
    var object = JSONObject()
    for member in Self.matrices(of: outcome.plan) { append(member.0, member.1, to: &object) }
    append("convergence", convergence, to: &object)
    append("memory_bytes", Self.numbers(outcome.memory), to: &object)
    append("time", Self.numbers(outcome.seconds), to: &object)
    append("proven_optimal", .bool(outcome.isProvenOptimal), to: &object)
    append("stages", .array(outcome.stages.map(Self.stage)), to: &object)
    append("blocks", blocks, to: &object)
    if let groups { append("groups", groups, to: &object) }
    if !front.isEmpty { append("front", .array(front.map(Self.point)), to: &object) }
    if let seconds { append("seconds", .number(seconds), to: &object) }
    return .object(object)
  }

  private func append(_ key: String, _ value: JSONValue, to object: inout JSONObject) {
    _ = object.append(.init(key: key, value: value))
  }

  /// A bound below the Gamma of every plan holds for this one as well, so the gap counts what the
  /// later stages gave away, too. Null unless convergence came first: what a later stage proves
  /// holds only within the limits of those before it.
  private var convergence: JSONValue {
    let terms = outcome.convergence
    let first = outcome.stages.first
    let bound = first?.stage == .convergence ? first?.lowerBound : nil
    return [
      "value": .number(terms.value), "bias": .number(terms.totalBias),
      "variance": .number(terms.totalVariance), "lower_bound": bound.map(JSONValue.number) ?? .null,
      "gap": bound.map { .number(Self.gap(terms.value, $0)) } ?? .null,
    ]
  }

  private var blocks: JSONValue {
    let cycle = outcome.plan.cycle
    var coverage = Array(repeating: 0.0, count: cycle[0].blockCount)
    for matrix in cycle {
      for (block, clients) in matrix.coverage.enumerated() { coverage[block] += Double(clients) }
    }
    return [
      "coverage": Self.numbers(coverage.map { $0 / Double(cycle.count) }),
      "bias": Self.numbers(outcome.convergence.bias),
      "variance": Self.numbers(outcome.convergence.variance),
    ]
  }

  /// The groups, and what the planner reached without them.
  private var groups: JSONValue? {
    guard let grouping = outcome.grouping else { return nil }
    let without = grouping.free.map { free -> JSONValue in
      [
        "convergence": .number(free.convergence), "memory_bytes": .number(free.memory),
        "time": .number(free.seconds),
      ]
    }
    return [
      "minimum": .integer(grouping.size),
      "members": .array(grouping.groups.map { .array($0.map { .integer($0) }) }),
      "price": outcome.groupingPrice.map(JSONValue.number) ?? .null,
      "without": without ?? .null,
    ]
  }

  private static func matrices(of plan: ActivationPlan) -> [(String, JSONValue)] {
    let cycle = plan.cycle.map { matrix in
      JSONValue.array(matrix.rows.map { row in .array(row.map { .integer($0 ? 1 : 0) }) })
    }
    guard cycle.count > 1 else { return [("matrix", cycle[0])] }
    return [("cycle", .array(cycle)), ("window", .integer(plan.window))]
  }

  private static func stage(_ result: PlanningOutcome.StageResult) -> JSONValue {
    [
      "stage": .string(result.stage.rawValue), "value": .number(result.value),
      "lower_bound": result.lowerBound.map(JSONValue.number) ?? .null,
      "gap": result.gap.map(JSONValue.number) ?? .null,
      "proven_optimal": .bool(result.isProvenOptimal),
    ]
  }

  private static func point(_ point: Planner.FrontPoint) -> JSONValue {
    let outcome = point.outcome
    let document = PlanDocument(outcome)
    var object = JSONObject()
    document.append("epsilon", .number(point.epsilon), to: &object)
    document.append("convergence", .number(outcome.convergence.value), to: &object)
    for key in ["lower_bound", "gap"] {
      document.append(key, document.convergence[key] ?? .null, to: &object)
    }
    document.append("memory_bytes", .number(outcome.memory.reduce(0, +)), to: &object)
    document.append("time", .number(outcome.seconds.max() ?? 0), to: &object)
    document.append("proven_optimal", .bool(outcome.isProvenOptimal), to: &object)
    for member in matrices(of: outcome.plan) { document.append(member.0, member.1, to: &object) }
    return .object(object)
  }

  private static func numbers(_ values: [Double]) -> JSONValue {
    .array(values.map { .number($0) })
  }

  private static func gap(_ value: Double, _ bound: Double) -> Double {
    value == 0 ? 0 : max(0, (value - bound) / value)
  }
}
