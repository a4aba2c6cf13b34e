import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
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
    return plan
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
          default: throw failure("an entry is \(entry.serialized), not 0 or 1")
          }
        }
      }
      guard rows.count == clients, rows.allSatisfy({ $0.count == blocks }) else {
        throw failure("a matrix has \(rows.count) rows of \(rows.first?.count ?? 0) blocks")
      }
      return try ActivationMatrix(rows: rows)
    }
    let window = root["window"]?.integer ?? 1
    guard window >= 1 else { throw failure("the window is \(window) rounds", field: "window") }
    return ActivationPlan(cycle: cycle, window: window)
  }
}
