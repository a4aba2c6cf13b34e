import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Says why no plan exists, and what would make one possible.
struct Infeasibility {
  private let problem: PlanningProblem
  private let coverage: Coverage

  init(_ problem: PlanningProblem, _ coverage: Coverage) {
    self.problem = problem
    self.coverage = coverage
  }

  /// The error: blocks first, then the bytes.
  var error: ZorBAError {
    if !coverage.impossible.isEmpty {
      return ZorBAError(
        .invalidConfiguration,
        "\(blocks(coverage.impossible)) cannot be trained by \(clients(problem.minimumClients)) "
          + "whatever the budgets",
        at: .init(field: "blocks"),
        advice: "Forbid fewer blocks, allow longer rounds, add clients or lower min_clients.")
    }
    let extra = coverage.missing.enumerated().filter { $0.element > 0 }
    if !extra.isEmpty {
      let list = extra.prefix(8).map { client, bytes in
        "\(problem.name(of: client)) \(Self.bytes(problem.budgets[client] + bytes)) instead of "
          + Self.bytes(problem.budgets[client])
      }.joined(separator: ", ")
      let more = extra.count > 8 ? " and \(extra.count - 8) more clients" : ""
      let total = extra.reduce(0) { $0 + $1.element }
      let what =
        coverage.short.isEmpty
        ? "what is required does not fit into the budgets"
        : "\(blocks(coverage.short)) cannot be trained by \(clients(problem.minimumClients)) each"
      return ZorBAError(
        .invalidConfiguration, what, at: .init(field: "budgets"),
        advice: "\(coverage.isExact ? "The least that would do" : "Enough") would be "
          + "\(Self.bytes(total)) more in all: give \(list)\(more).")
    }
    return ZorBAError(
      .invalidConfiguration,
      "\(names(coverage.idle)) \(coverage.idle.count == 1 ? "has" : "have") no room or time for "
        + "\(problem.minimumBlocks == 1 ? "a single block" : "\(problem.minimumBlocks) blocks")",
      at: .init(field: "budgets"),
      advice: "Raise their budgets or the deadline, or leave them out of the federation.")
  }

  private func blocks(_ units: [Int]) -> String {
    let blocks = units.flatMap { coverage.blocks(of: $0) }.sorted()
    let names = blocks.prefix(12).map(String.init).joined(separator: ", ")
    let more = blocks.count > 12 ? " and \(blocks.count - 12) more" : ""
    return (blocks.count == 1 ? "block " : "blocks ") + names + more
  }

  private func clients(_ count: Int) -> String { count == 1 ? "1 client" : "\(count) clients" }

  private func names(_ list: [Int]) -> String {
    list.prefix(12).map(problem.name).joined(separator: ", ")
      + (list.count > 12 ? " and \(list.count - 12) more" : "")
  }

  /// A number of bytes in a unit a person would choose, rounded up so that it does suffice.
  static func bytes(_ exact: Double) -> String {
    // Sums of bytes carry the rounding that limits allow for.
    let bytes = (exact - 1e-6 * max(1, abs(exact) * 1e-3)).rounded(.up)
    let units: [(Double, String)] = [(0x1p30, "GiB"), (0x1p20, "MiB"), (0x1p10, "KiB")]
    for (size, name) in units where bytes >= size {
      let value = (bytes / size * 10).rounded(.up) / 10
      return "\(value) \(name)"
    }
    return bytes.isFinite && abs(bytes) < 1e15 ? "\(Int(bytes)) bytes" : "\(bytes) bytes"
  }
}
