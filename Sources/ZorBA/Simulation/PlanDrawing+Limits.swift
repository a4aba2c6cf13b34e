import ZorBADiagnostics
import ZorBAPlanning

/// What clients can, must and must not train.
extension PlanDrawing {
  private var options: BlockConfiguration { configuration.blocks }

  /// Counts of blocks from shares, or what memory leaves beside the fixed part. [clients]
  func capacities(of policy: Policy, sites: [SiteCosts]) throws -> [PolicyInput.Capacity] {
    if !options.budgetsMiB.isEmpty {
      return zip(try budgets(sites: sites), sites).map { budget, site in
        .bytes(budget - site.fixedBytes, resident: site.residentBytes)
      }
    }
    if policy == .full {
      return Array(repeating: .blocks(shape.blockCount), count: shape.clientCount)
    }
    return try counts().map { .blocks($0) }
  }

  /// Bytes that each client may take: its budget, or what its share of blocks takes when they are
  /// as large as the largest. [clients]
  func budgets(sites: [SiteCosts]) throws -> [Double] {
    guard !options.budgetsMiB.isEmpty else {
      return zip(try counts(), sites).map { count, site in
        site.fixedBytes + Double(count) * (site.residentBytes.max() ?? 0)
      }
    }
    return try each(options.budgetsMiB, key: "budgets_mib").map { $0 * 0x1p20 }
  }

  private func counts() throws -> [Int] {
    try each(options.active, key: "active").map {
      max(1, Int(($0 * Double(shape.blockCount)).rounded()))
    }
  }

  /// One value for all clients, or one a client.
  private func each(_ values: [Double], key: String) throws -> [Double] {
    if values.count == 1 { return Array(repeating: values[0], count: shape.clientCount) }
    if let members, values.count == configuration.federation.sites.count,
      members.allSatisfy(values.indices.contains)
    {
      return members.map { values[$0] }
    }
    guard values.count == shape.clientCount else {
      throw ZorBAError(
        .invalidConfiguration,
        "\(values.count) values are listed for \(shape.clientCount) clients",
        at: .init(field: "blocks.\(key)"), advice: "Give one value for all, or one a client.")
    }
    return values
  }

  /// Blocks, from 0, by client, from 0.
  func blocks(_ demands: [String: [Int]], key: String) throws -> [Int: Set<Int>] {
    var result: [Int: Set<Int>] = [:]
    for (name, blocks) in demands.sorted(by: { $0.key < $1.key }) {
      guard let client = shape.names.firstIndex(of: name) else {
        // A site that the plan is not for.
        if members != nil, configuration.federation.sites.contains(name) { continue }
        throw ZorBAError(
          .invalidConfiguration, "there is no client '\(name)'", at: .init(field: "blocks.\(key)"),
          advice: "The clients are \(shape.names.prefix(20).joined(separator: ", ")).")
      }
      result[client] = Set(try blocks.map { try block($0, key: key) })
    }
    return result
  }

  /// A block as the planner counts it, from 0.
  func block(_ number: Int, key: String) throws -> Int {
    guard (1...shape.blockCount).contains(number) else {
      throw ZorBAError(
        .invalidConfiguration, "there is no transformer block \(number)",
        at: .init(field: "blocks.\(key)"), advice: "Use 1 to \(shape.blockCount).")
    }
    return number - 1
  }
}
