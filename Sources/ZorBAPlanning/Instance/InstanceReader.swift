import ZorBADiagnostics
import ZorBAJSON

/// Builds the problem from the members of an instance.
struct InstanceReader {
  private let fields: InstanceFields

  init(_ fields: InstanceFields) { self.fields = fields }

  private static let keys = [
    "clients", "blocks", "block_parameters", "gradient_energy", "client_spread", "sample_noise",
    "lambda", "directions", "seeding", "weights", "fixed_bytes", "resident_bytes", "budget_bytes",
    "min_clients", "prefix_cost", "suffix_cost", "epsilon", "stages", "deadline", "required",
    "forbidden", "together", "min_blocks_per_client", "rotate", "kurtosis", "minibatch_term",
    "names",
  ]

  /// Squared norms, bytes and seconds; sums and products of millions of them stay finite.
  private static let amounts = 0...1e30

  func instance() throws -> PlanningInstance {
    try fields.requireKnown(Self.keys)
    let clients = try fields.integer("clients", in: 1...InstanceFile.maximumClients)
    let blocks = try fields.integer("blocks", in: 1...InstanceFile.maximumBlocks)
    guard clients * blocks <= InstanceFile.maximumPairs else {
      throw fields.failure(
        "clients", "\(clients) clients with \(blocks) blocks are too many",
        advice: "Their product may be \(InstanceFile.maximumPairs) at most.")
    }
    let convergence = try convergence(clients: clients, blocks: blocks)
    let constraints = try InstanceConstraints(fields, clients: clients, blocks: blocks)
    let stages = try stages()
    let problem = PlanningProblem(
      convergence: convergence,
      sites: try sites(clients: clients, blocks: blocks, directions: convergence.directions),
      budgets: try budgets(clients: clients), deadline: constraints.deadline,
      minimumClients: constraints.minimumClients, minimumBlocks: constraints.minimumBlocks,
      required: constraints.required, forbidden: constraints.forbidden,
      groups: constraints.groups, stages: stages, epsilon: try epsilon(stages: stages.count),
      rotation: try rotation())
    return PlanningInstance(problem: problem, names: try names(clients: clients))
  }

  // MARK: - Convergence

  private func convergence(clients: Int, blocks: Int) throws -> ConvergenceModel {
    let sensitivity = BlockSensitivity(
      gradientEnergy: try perBlock("gradient_energy", blocks),
      clientSpread: try perBlock("client_spread", blocks),
      sampleNoise: try sampleNoise(clients: clients, blocks: blocks))
    let kurtosis = try fields.number("kurtosis", in: 1...100, default: 2)
    return ConvergenceModel(
      sensitivity: sensitivity,
      parameters: try fields.numbers(
        "block_parameters", count: blocks, of: "blocks", in: 1...1e15),
      weights: try weights(clients: clients),
      varianceWeight: try fields.number("lambda", in: Self.amounts),
      directions: try fields.integer("directions", in: 1...65_536, default: 1),
      seeding: try seeding(), excessKurtosis: kurtosis - 2,
      countsMinibatchNoise: try fields.flag("minibatch_term"))
  }

  private func perBlock(
    _ key: String, _ blocks: Int, default fallback: Double? = nil
  ) throws -> [Double] {
    try fields.numbers(key, count: blocks, of: "blocks", in: Self.amounts, default: fallback)
  }

  /// `sample_noise` as [blocks], the same at every client, or as [clients, blocks].
  private func sampleNoise(clients: Int, blocks: Int) throws -> [[Double]] {
    let key = "sample_noise"
    guard let value = fields.value(key) else {
      throw fields.missing(key, "one number for all, one a block, or a row of blocks a client")
    }
    guard let rows = value.array, rows.contains(where: { $0.array != nil }) else {
      let row = try fields.numbers(value, key, count: blocks, of: "blocks", in: Self.amounts)
      return Array(repeating: row, count: clients)
    }
    guard rows.count == clients else {
      throw fields.failure(
        key, "\(rows.count) rows for \(clients) clients", advice: "Give one row a client.")
    }
    return try rows.map {
      try fields.numbers($0, key, count: blocks, of: "blocks", in: Self.amounts)
    }
  }

  private func weights(clients: Int) throws -> [Double] {
    let weights = try fields.numbers(
      "weights", count: clients, of: "clients", in: 1e-12...1e12, default: 1)
    // Beyond this, sums over clients lose the small ones.
    if let least = weights.min(), let most = weights.max(), most > least * 1e9 {
      throw fields.failure(
        "weights", "they range from \(least) to \(most)",
        advice: "Keep them within a factor of 1e9; leave out clients that hardly count.")
    }
    return weights
  }

  private func seeding() throws -> ConvergenceModel.Seeding {
    guard let value = fields.value("seeding") else { return .shared }
    let word = try fields.word(value, "seeding", among: ["shared", "perClient", "per_client"])
    return word == "shared" ? .shared : .perClient
  }

  // MARK: - Costs

  private func sites(clients: Int, blocks: Int, directions: Double) throws -> [SiteCosts] {
    let fixed = try fields.numbers(
      "fixed_bytes", count: clients, of: "clients", in: Self.amounts, default: 0)
    let resident = try perBlock("resident_bytes", blocks, default: 1)
    let prefix = try perBlock("prefix_cost", blocks, default: 1)
    let suffix = try perBlock("suffix_cost", blocks, default: 1).map { 2 * directions * $0 }
    for block in 0..<blocks where prefix[block] > suffix[block] {
      throw fields.failure(
        fields.object["prefix_cost"] == nil ? "suffix_cost" : "prefix_cost",
        "block \(block) costs \(prefix[block]) once but \(suffix[block]) in all branches together",
        advice: "Let prefix_cost be at most 2 * directions * suffix_cost.")
    }
    let idle = Array(repeating: 0.0, count: blocks)
    return fixed.map {
      SiteCosts(
        fixedBytes: $0, residentBytes: resident, prefixSeconds: prefix, suffixSeconds: suffix,
        activeSeconds: idle)
    }
  }

  /// A budget that is null, or missing altogether, is no limit.
  private func budgets(clients: Int) throws -> [Double] {
    let key = "budget_bytes"
    guard let values = fields.value(key)?.array else {
      return try fields.numbers(
        key, count: clients, of: "clients", in: Self.amounts, default: .infinity)
    }
    guard values.count == clients else {
      throw fields.failure(
        key, "\(values.count) numbers for \(clients) clients",
        advice: "Give \(clients), or one number for all; null is no limit.")
    }
    return try values.map {
      $0.isNull ? .infinity : try fields.number($0, key, in: Self.amounts)
    }
  }

  // MARK: - What is chosen first

  private func stages() throws -> [PlanningProblem.Stage] {
    let all = PlanningProblem.Stage.allCases
    guard let values = try fields.array("stages") else { return all }
    let stages = try values.compactMap { value in
      PlanningProblem.Stage(
        rawValue: try fields.word(value, "stages", among: all.map(\.rawValue)))
    }
    guard !stages.isEmpty, Set(stages).count == stages.count else {
      throw fields.failure(
        "stages", stages.isEmpty ? "the list is empty" : "a stage is listed twice",
        advice: "List \(all.map(\.rawValue).joined(separator: ", ")) in order of importance.")
    }
    return stages
  }

  /// One share for every stage but the last; a list may be longer than needed.
  private func epsilon(stages: Int) throws -> [Double] {
    let key = "epsilon"
    guard let values = fields.value(key)?.array else {
      return try fields.numbers(key, count: stages - 1, of: "stages", in: 0...1000, default: 0.05)
    }
    guard values.count >= stages - 1 else {
      throw fields.failure(
        key, "\(values.count) shares for \(stages) stages",
        advice: "Give one for every stage but the last, or one number for all.")
    }
    return try values.map { try fields.number($0, key, in: 0...1000) }.prefix(stages - 1).map { $0 }
  }

  private func rotation() throws -> PlanningProblem.Rotation {
    guard let value = fields.value("rotate") else { return .fixed }
    guard let object = value.object else {
      throw fields.failure(
        "rotate", "\(InstanceFields.quoted(value)) where an object should stand",
        advice: "Write {\"length\": 8, \"window\": 1, \"minimum_share\": 1}.")
    }
    let inner = InstanceFields(file: fields.file, object: object, prefix: "rotate.")
    try inner.requireKnown(["length", "window", "minimum_share"])
    return PlanningProblem.Rotation(
      length: try inner.integer("length", in: 1...PlanningLimits.cycleLength),
      window: try inner.integer("window", in: 1...1_000_000, default: 1),
      minimumShare: try inner.number("minimum_share", in: 1e-9...1, default: 1))
  }

  private func names(clients: Int) throws -> [String] {
    guard let values = try fields.array("names") else {
      return PlanningInstance.names(clients: clients)
    }
    guard values.count == clients else {
      throw fields.failure("names", "\(values.count) names for \(clients) clients")
    }
    var seen: Set<String> = []
    return try values.map { value in
      guard let name = value.string, !name.isEmpty, name.utf8.count <= 200 else {
        throw fields.failure(
          "names", "\(InstanceFields.quoted(value)) is no name",
          advice: "Use texts of 1 to 200 bytes.")
      }
      guard seen.insert(name).inserted else {
        throw fields.failure("names", "'\(name.excerpt(limit: 40))' is listed twice")
      }
      return name
    }
  }
}

/// Sizes beyond which a request is a slip of the pen.
package enum PlanningLimits {
  /// Matrices in a cycle.
  package static let cycleLength = 4096
}
