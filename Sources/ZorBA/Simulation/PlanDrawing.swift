import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Makes the activation plan that a configuration asks for.
enum PlanDrawing {
  /// Distinct matrices of a rotating random plan; after that many windows the cycle repeats.
  static let longestCycle = 256

  /// - Parameters:
  ///   - configuration: The run.
  ///   - clients: How many clients there are.
  ///   - blocks: How many transformer blocks the model has.
  ///   - runKey: What random draws are derived from.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming what does not fit.
  static func plan(
    _ configuration: RunConfiguration, clients: Int, blocks: Int, runKey: RunKey
  ) throws -> ActivationPlan {
    let options = configuration.blocks
    let plan: ActivationPlan
    switch options.plan {
    case .full:
      plan = ActivationPlan(fixed: try .full(clients: clients, blocks: blocks))
    case .random:
      plan = try random(configuration, clients: clients, blocks: blocks, runKey: runKey)
    case .file(let path):
      plan = try read(path, clients: clients, blocks: blocks)
    }
    for matrix in plan.cycle { try matrix.requireCoverage(atLeast: options.minClients) }
    try requireRoom(for: plan)
    return plan
  }

  /// The journal lists the plan round by round over one cycle.
  private static func requireRoom(for plan: ActivationPlan) throws {
    let pairs = plan.cycle.reduce(0) { $0 + $1.coverage.reduce(0, +) }
    // A row also lists the outer block, where that is trained.
    let rows = plan.cycle.count * plan.cycle[0].clientCount
    guard pairs + rows <= PlanRecord.maximumPairs else {
      throw ZorBAError(
        .invalidConfiguration,
        "a cycle of \(plan.cycle.count) matrices lists more than \(PlanRecord.maximumPairs) active "
          + "blocks, which a journal cannot hold", at: .init(field: "blocks.plan"),
        advice: "Use a shorter cycle, fewer clients or fewer blocks a client.")
    }
  }

  private static func random(
    _ configuration: RunConfiguration, clients: Int, blocks: Int, runKey: RunKey
  ) throws -> ActivationPlan {
    let options = configuration.blocks
    guard options.active.count == 1 || options.active.count == clients else {
      throw ZorBAError(
        .invalidConfiguration,
        "\(options.active.count) shares are listed for \(clients) clients",
        at: .init(field: "blocks.active"), advice: "Give one share for all, or one a client.")
    }
    let counts = (0..<clients).map { client in
      let share = options.active[options.active.count == 1 ? 0 : client]
      return max(1, Int((share * Double(blocks)).rounded()))
    }
    let windows =
      options.rotateEvery == 0
      ? 1 : min(longestCycle, (configuration.rounds - 1) / options.rotateEvery + 1)
    let cycle = try (0..<windows).map { window in
      var generator = RunStream.activation.generator(runKey: runKey, index: UInt64(window))
      return try ActivationMatrix.random(
        counts: counts, blocks: blocks, minimumClients: options.minClients, using: &generator)
    }
    return ActivationPlan(cycle: cycle, window: max(1, options.rotateEvery))
  }

  /// Reads `{"cycle": [matrix, …], "window": rounds}` or `{"matrix": [[0, 1, …], …]}`, a row a client.
  private static func read(_ path: String, clients: Int, blocks: Int) throws -> ActivationPlan {
    func failure(_ message: String, field: String? = nil, cause: (any Error)? = nil) -> ZorBAError {
      ZorBAError(
        .invalidConfiguration, message, at: .init(file: path, field: field),
        advice: "A plan is {\"matrix\": [[1, 0, …], …]} with \(clients) rows of \(blocks) blocks, "
          + "or {\"cycle\": [matrix, …], \"window\": rounds}.", cause: cause)
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw failure("the plan cannot be read", cause: error)
    }
    let root = try JSONParser.parse(data, file: path, code: .invalidConfiguration)
    let matrices = root["cycle"]?.array ?? root["matrix"].map { [$0] } ?? []
    guard !matrices.isEmpty else { throw failure("the plan has no matrix") }
    let cycle = try matrices.map { matrix in
      let rows = try (matrix.array ?? []).map { row in
        try (row.array ?? []).map { entry in
          switch entry {
          case .bool(let flag): return flag
          case .integer(0): return false
          case .integer(1): return true
          default: throw failure("an entry is \(entry.serialized.excerpt()), not 0 or 1")
          }
        }
      }
      let odd = rows.first { $0.count != blocks } ?? rows.first
      guard rows.count == clients, odd?.count == blocks else {
        throw failure("a matrix has \(rows.count) rows, one of \(odd?.count ?? 0) blocks")
      }
      return try ActivationMatrix(rows: rows, mayRest: true)
    }
    let entry = root["window"] ?? 1
    guard let window = entry.integer, (1...1_000_000_000).contains(window) else {
      throw failure("\(entry.serialized.excerpt()) is no number of rounds", field: "window")
    }
    let plan = ActivationPlan(cycle: cycle, window: window)
    try plan.requireWork()
    return plan
  }
}
