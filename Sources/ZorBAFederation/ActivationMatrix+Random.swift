import ZorBADiagnostics

extension ActivationMatrix {
  /// Draws a matrix in which client k has exactly `counts[k]` blocks and every block at least
  /// `minimumClients` clients.
  ///
  /// Rows are drawn uniformly, then blocks that fall short are covered by exchanging a well-covered
  /// block of some client for the missing one, which keeps every row's count. An exchange exists
  /// whenever the counts allow the coverage at all: while some block is short, the blocks above the
  /// minimum hold the surplus, and a client that has one of those but not the short block always
  /// exists because the short block has fewer clients than any surplus block.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the counts cannot cover the blocks.
  public static func random(
    counts: [Int], blocks: Int, minimumClients: Int,
    using generator: inout some RandomNumberGenerator
  ) throws -> ActivationMatrix {
    for (client, count) in counts.enumerated() where count < 1 || count > blocks {
      throw ZorBAError(
        .invalidConfiguration, "client \(client + 1) is to train \(count) of \(blocks) blocks",
        at: .init(field: "blocks.active"), advice: "Use 1 to \(blocks) blocks a client.")
    }
    let total = counts.reduce(0, +)
    guard minimumClients <= counts.count, total >= minimumClients * blocks else {
      throw ZorBAError(
        .invalidConfiguration,
        "\(counts.count) clients with \(total) active blocks in all cannot cover \(blocks) blocks \(minimumClients) times each",
        at: .init(field: "blocks.min_clients"),
        advice: "Raise blocks.active, add clients or lower blocks.min_clients.")
    }
    var rows = counts.map { count in
      var row = Array(repeating: false, count: blocks)
      for block in sample(count, from: blocks, using: &generator) { row[block] = true }
      return row
    }
    repairCoverage(of: &rows, minimumClients: minimumClients, using: &generator)
    return try ActivationMatrix(rows: rows)
  }

  private static func repairCoverage(
    of rows: inout [[Bool]], minimumClients: Int, using generator: inout some RandomNumberGenerator
  ) {
    let blocks = rows[0].count
    var coverage = (0..<blocks).map { block in rows.count { $0[block] } }
    while let short = coverage.firstIndex(where: { $0 < minimumClients }) {
      let exchanges = rows.indices.filter { !rows[$0][short] }.flatMap { client in
        (0..<blocks)
          .filter { rows[client][$0] && coverage[$0] > minimumClients }
          .map { (client, $0) }
      }
      guard !exchanges.isEmpty else { return }
      let (client, surplus) = exchanges[index(below: exchanges.count, using: &generator)]
      rows[client][surplus] = false
      rows[client][short] = true
      coverage[surplus] -= 1
      coverage[short] += 1
    }
  }

  /// `count` distinct indices below `bound`, by a partial Fisher–Yates shuffle.
  ///
  /// Written out instead of `shuffled(using:)` so that a run's draws do not depend on the version of
  /// the standard library.
  package static func sample(
    _ count: Int, from bound: Int, using generator: inout some RandomNumberGenerator
  ) -> [Int] {
    draw(count, from: bound, using: &generator).sorted()
  }

  /// All indices below `bound` in uniformly random order.
  package static func shuffled(
    _ bound: Int, using generator: inout some RandomNumberGenerator
  ) -> [Int] {
    draw(bound, from: bound, using: &generator)
  }

  private static func draw(
    _ count: Int, from bound: Int, using generator: inout some RandomNumberGenerator
  ) -> [Int] {
    var pool = Array(0..<bound)
    for position in 0..<min(count, bound) {
      pool.swapAt(position, position + index(below: bound - position, using: &generator))
    }
    return Array(pool.prefix(count))
  }

  /// A uniform index by the high half of a 64 × 64-bit product; the bias is below bound / 2^64.
  package static func index(
    below bound: Int, using generator: inout some RandomNumberGenerator
  ) -> Int {
    Int(UInt64(bound).multipliedFullWidth(by: generator.next()).high)
  }
}
