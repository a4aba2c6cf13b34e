import ZorBAFederation
package import ZorBAJSON

extension PlanFile {
  /// The file as JSON; parts that are not known are left out.
  package var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("format", .string(Self.format)), ("version", .integer(Self.version)),
    ]
    if let policy { members.append(("policy", .string(policy))) }
    if let clients { members.append(("clients", .array(clients.map { .string($0) }))) }
    members.append(("blocks", .integer(plan.blockCount)))
    members.append(("window", .integer(plan.window)))
    let cycle = plan.cycle.map { matrix in
      JSONValue.array(matrix.rows.map { .array($0.map { .integer($0 ? 1 : 0) }) })
    }
    members.append(("cycle", .array(cycle)))
    if !epsilon.isEmpty { members.append(("epsilon", .numbers(epsilon))) }
    if let convergence {
      members.append(
        (
          "convergence",
          [
            "value": .number(convergence.value), "bias": .numbers(convergence.bias),
            "variance": .numbers(convergence.variance),
          ]
        ))
    }
    if !stages.isEmpty { members.append(("stages", .array(stages.map(Self.json)))) }
    for (key, values) in [
      ("memory_bytes", memoryBytes), ("seconds", seconds), ("wire_bytes", wireBytes),
    ] where !values.isEmpty {
      members.append((key, .numbers(values)))
    }
    if let sensitivity { members.append(("sensitivity", sensitivity.json)) }
    return .object(members)
  }

  private static func json(_ stage: PlanningOutcome.StageResult) -> JSONValue {
    [
      "stage": .string(stage.stage.rawValue), "value": .number(stage.value),
      "lower_bound": stage.lowerBound.map(JSONValue.number) ?? .null,
      "gap": stage.gap.map(JSONValue.number) ?? .null,
      "proven_optimal": .bool(stage.isProvenOptimal),
    ]
  }

  /// The text of the file: members a line each, a row of a matrix never broken.
  package var text: String {
    guard let object = json.object else { return json.serialized }
    let lines = object.members.map { member in
      let key = JSONValue.string(member.key).serialized
      guard member.key == "cycle", let matrices = member.value.array else {
        return "  \(key): \(member.value.serialized)"
      }
      let blocks = matrices.map { matrix in
        "    [\n" + (matrix.array ?? []).map { "      \($0.serialized)" }.joined(separator: ",\n")
          + "\n    ]"
      }
      return "  \(key): [\n\(blocks.joined(separator: ",\n"))\n  ]"
    }
    return "{\n\(lines.joined(separator: ",\n"))\n}\n"
  }
}

extension BlockSensitivity {
  /// Squared norms, as `BlockSensitivity` names them.
  package var json: JSONValue {
    [
      "gradient_energy": .numbers(gradientEnergy), "client_spread": .numbers(clientSpread),
      "sample_noise": .array(sampleNoise.map { .numbers($0) }),
    ]
  }
}

extension JSONValue {
  static func numbers(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }

  /// Members with distinct keys, in order.
  static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }
}
