import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAJSON

extension PlanFile {
  private static let members: Set<String> = [
    "format", "version", "policy", "clients", "blocks", "window", "cycle", "epsilon",
    "convergence", "stages", "memory_bytes", "seconds", "wire_bytes", "sensitivity",
  ]

  /// Reads a plan file: one that `text` wrote, or the short forms
  /// `{"matrix": [[0, 1, …], …]}` and `{"cycle": [matrix, …], "window": rounds}`.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming file, line and member.
  package static func read(path: String) throws -> PlanFile {
    let bytes = try BoundedFile.contents(
      of: path, limit: maximumByteCount,
      advice: "Give a plan file, as zorba plan writes it, or full, random, …")
    return try PlanFile(
      JSONParser.parse(bytes, file: path, code: .invalidConfiguration), file: path)
  }

  /// Takes parsed JSON apart.
  package init(_ root: JSONValue, file: String? = nil) throws {
    let isTagged = root["format"] != nil
    let fields = try PlanFields(root, known: isTagged ? Self.members : nil, file: file)
    if isTagged {
      guard try fields.text("format") == Self.format else {
        throw fields.failure("format", "this is no plan", advice: "Use \"\(Self.format)\".")
      }
      _ = try fields.integer("version", in: Self.version...Self.version)
    }
    let cycle = try Self.cycle(fields)
    let window =
      fields["window"] == nil ? 1 : try fields.integer("window", in: 1...Self.maximumWindow)
    self.init(
      clients: isTagged ? try Self.names(fields, count: cycle[0].clientCount) : nil,
      plan: ActivationPlan(cycle: cycle, window: window))
    guard isTagged else { return }
    let (clients, blocks) = (plan.clientCount, plan.blockCount)
    _ = try fields.integer("blocks", in: blocks...blocks)
    policy = try fields.text("policy")
    epsilon = try fields.magnitudes("epsilon", count: nil)
    memoryBytes = try fields.magnitudes("memory_bytes", count: clients)
    seconds = try fields.magnitudes("seconds", count: clients)
    wireBytes = try fields.magnitudes("wire_bytes", count: clients)
    if let value = fields["convergence"] {
      let terms = try PlanFields(
        value, known: ["value", "bias", "variance"], file: file, path: "convergence")
      _ = try terms.value("bias")
      _ = try terms.value("variance")
      convergence = ConvergenceTerms(
        bias: try terms.magnitudes("bias", count: blocks),
        variance: try terms.magnitudes("variance", count: blocks))
    }
    if fields["stages"] != nil {
      stages = try fields.array("stages").map { try Self.stage($0, file) }
    }
    sensitivity = try fields["sensitivity"].map {
      try BlockSensitivity($0, clients: clients, blocks: blocks, file: file, path: "sensitivity")
    }
  }

  private static func cycle(_ fields: PlanFields) throws -> [ActivationMatrix] {
    let key = fields["cycle"] == nil ? "matrix" : "cycle"
    let advice =
      "A plan is {\"matrix\": [[1, 0, …], …]}, a row a client and an entry a block, or "
      + "{\"cycle\": [matrix, …], \"window\": rounds}."
    if fields["cycle"] != nil, fields["matrix"] != nil {
      throw fields.failure("matrix", "stands beside a cycle", advice: "Keep one of them.")
    }
    let matrices = key == "cycle" ? try fields.array(key) : [try fields.value(key)]
    var shape: (clients: Int, blocks: Int)?
    let cycle = try matrices.map { matrix in
      let rows = try (matrix.array ?? []).map { row in
        try (row.array ?? []).map { entry in
          switch entry {
          case .bool(let flag): return flag
          case .integer(0): return false
          case .integer(1): return true
          default:
            throw fields.failure(
              key, "an entry is \(entry.serialized.excerpt()), not 0 or 1", advice: advice)
          }
        }
      }
      let expected = shape ?? (rows.count, rows.first?.count ?? 0)
      let odd = rows.first { $0.count != expected.blocks } ?? rows.first
      guard rows.count == expected.clients, rows.count > 0, odd?.count == expected.blocks,
        expected.blocks > 0
      else {
        throw fields.failure(
          key, "a matrix has \(rows.count) rows, one of \(odd?.count ?? 0) blocks", advice: advice)
      }
      shape = expected
      do {
        return try ActivationMatrix(rows: rows, mayRest: true)
      } catch let error as ZorBAError {
        throw fields.failure(key, error.message, advice: error.advice)
      }
    }
    guard !cycle.isEmpty else {
      throw fields.failure(key, "the plan has no matrix", advice: advice)
    }
    return cycle
  }

  private static func names(_ fields: PlanFields, count: Int) throws -> [String]? {
    guard fields["clients"] != nil else { return nil }
    let names = try fields.array("clients").map { value in
      guard let name = value.string else {
        throw fields.failure("clients", "\(value.serialized.excerpt()) is no name")
      }
      return name
    }
    guard names.count == count, Set(names).count == count else {
      throw fields.failure(
        "clients", "\(Set(names).count) different names stand beside \(count) rows",
        advice: "Give every row one name of its own.")
    }
    return names
  }

  private static func stage(
    _ value: JSONValue, _ file: String?
  ) throws -> PlanningOutcome.StageResult {
    let fields = try PlanFields(
      value, known: ["stage", "value", "lower_bound", "gap", "proven_optimal"], file: file,
      path: "stages")
    guard let stage = PlanningProblem.Stage(rawValue: try fields.text("stage") ?? "") else {
      throw fields.failure(
        "stage",
        "is none of "
          + PlanningProblem.Stage.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let proven = try fields.value("proven_optimal")
    guard let isProven = proven.bool else {
      throw fields.failure("proven_optimal", "is \(proven.kind), not true or false")
    }
    let bound = try fields.value("lower_bound")
    return PlanningOutcome.StageResult(
      stage: stage, value: try fields.magnitude("value", fields.value("value")),
      // Plans in groups have no bound for later stages.
      lowerBound: bound == .null ? nil : try fields.magnitude("lower_bound", bound),
      isProvenOptimal: isProven)
  }

  /// The plan for a federation with these sites, its rows in their order.
  ///
  /// Rows are found by name where the file has names, otherwise they stand in the run's order.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming what does not fit.
  package func plan(for names: [String], blocks: Int, file: String? = nil) throws -> ActivationPlan
  {
    guard plan.clientCount == names.count, plan.blockCount == blocks else {
      throw ZorBAError(
        .invalidConfiguration,
        "the plan is for \(plan.clientCount) clients and \(plan.blockCount) blocks, the run has "
          + "\(names.count) and \(blocks)", at: .init(file: file),
        advice: "Make a plan for this run with zorba plan.")
    }
    guard let clients else { return plan }
    let places = Dictionary(zip(clients, clients.indices)) { first, _ in first }
    let order = names.compactMap { places[$0] }
    guard order.count == names.count, Set(order).count == names.count else {
      let missing = names.first { places[$0] == nil } ?? ""
      throw ZorBAError(
        .invalidConfiguration, "the plan has no row for \(missing.excerpt())",
        at: .init(file: file, field: "clients"),
        advice: "Make a plan for this run with zorba plan, or name its clients in the file.")
    }
    let cycle = try plan.cycle.map { matrix in
      try ActivationMatrix(rows: order.map { matrix.rows[$0] }, mayRest: true)
    }
    return ActivationPlan(cycle: cycle, window: plan.window)
  }
}

extension BlockSensitivity {
  /// Reads `{"gradient_energy": [..], "client_spread": [..], "sample_noise": [..]}`; the noise is a
  /// list for all clients or one list a client.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the member at fault.
  package init(
    _ value: JSONValue, clients: Int, blocks: Int, file: String? = nil, path: String = ""
  ) throws {
    let fields = try PlanFields(
      value,
      known: [
        "gradient_energy", "client_spread", "sample_noise",
        // What a measurement writes beside them.
        "clients", "intervals", "directions", "seconds", "rounds_equivalent",
      ], file: file, path: path)
    for key in ["gradient_energy", "client_spread"] { _ = try fields.value(key) }
    let items = try fields.array("sample_noise")
    let noise: [[Double]]
    if items.allSatisfy({ $0.array == nil }) {
      noise = Array(
        repeating: try fields.magnitudes("sample_noise", count: blocks), count: clients)
    } else {
      noise = try items.map { row in
        guard let numbers = row.array, numbers.count == blocks, items.count == clients else {
          throw fields.failure(
            "sample_noise", "is no list of \(blocks) numbers, nor \(clients) such lists")
        }
        return try numbers.map { try fields.magnitude("sample_noise", $0) }
      }
    }
    self.init(
      gradientEnergy: try fields.magnitudes("gradient_energy", count: blocks),
      clientSpread: try fields.magnitudes("client_spread", count: blocks), sampleNoise: noise)
  }

  /// Reads a file of sensitivities, or those that a plan file was made from.
  ///
  /// Rows of a file that names its clients are found by name; others are taken in order.
  ///
  /// - Parameter names: The clients that the numbers are for, in their order.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming file and member.
  package static func read(path: String, names: [String], blocks: Int) throws -> BlockSensitivity {
    let bytes = try BoundedFile.contents(
      of: path, limit: PlanFile.maximumByteCount,
      advice: "Give a file of sensitivities, a plan file that has them, prior or probe.")
    let root = try JSONParser.parse(bytes, file: path, code: .invalidConfiguration)
    let listed = root["clients"]?.array?.map { $0.string ?? "" }
    var found = try BlockSensitivity(
      root["sensitivity"] ?? root, clients: listed?.count ?? names.count, blocks: blocks,
      file: path, path: root["sensitivity"] == nil ? "" : "sensitivity")
    guard let listed else { return found }
    found.sampleNoise = try names.map { name in
      guard let place = listed.firstIndex(of: name), found.sampleNoise.indices.contains(place)
      else {
        throw ZorBAError(
          .invalidConfiguration, "there are no numbers for the client '\(name.excerpt())'",
          at: .init(file: path, field: "clients"),
          advice: "Measure again with all clients, or take the names out to go by the order.")
      }
      return found.sampleNoise[place]
    }
    return found
  }
}
