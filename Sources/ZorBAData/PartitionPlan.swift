import ZorBADiagnostics

/// How examples are shared out to clients.
///
/// Every assignment is a partition: each example goes to exactly one client and no client stays
/// empty. It depends on the seed alone, on any machine.
package enum PartitionPlan: Sendable, Equatable {
  /// Equal shares in random order; of examples without labels, equal stretches in file order, so
  /// that running text stays together.
  case uniform
  /// For every label its own random shares from a symmetric Dirichlet distribution: the smaller
  /// `alpha`, the more the clients' labels differ (Hsu, Qi & Brown 2019).
  case dirichlet(alpha: Double)
  /// One client for each value of the site column, in the order of the values' UTF-8 bytes.
  case bySite
  /// One client for each file; `counts` are the files' numbers of examples, in order.
  case files(counts: [Int])

  /// Shares examples out.
  ///
  /// - Parameters:
  ///   - labels: The label of each example, or nil.
  ///   - sites: The site of each example; needed for `bySite` only.
  ///   - clients: The number of clients.
  ///   - seed: Decides all that is random.
  /// - Returns: For each client the indices of its examples, ascending.
  /// - Throws: `ZorBAError` when the plan cannot give every client an example.
  package func assign(
    labels: [Int?], sites: [String?] = [], clients: Int, seed: UInt64
  ) throws -> [[Int]] {
    guard clients >= 1 else {
      throw Self.failure(
        "\(clients) clients", "clients", "Set federation.clients to at least 1.")
    }
    guard clients <= labels.count else {
      throw Self.failure(
        "\(clients) clients cannot share \(labels.count) examples", "clients",
        "Lower federation.clients, or give more data.")
    }
    var shares: [[Int]]
    switch self {
    case .uniform:
      shares = Self.uniform(labels, clients: clients, seed: seed)
    case .dirichlet(let alpha):
      shares = try Self.dirichlet(alpha, labels, clients: clients, seed: seed)
      Self.fillEmpty(&shares)
    case .bySite:
      shares = try Self.grouped(sites, examples: labels.count, clients: clients)
    case .files(let counts):
      shares = try Self.stretches(counts, examples: labels.count, clients: clients)
    }
    for client in shares.indices { shares[client].sort() }
    return shares
  }

  private static func failure(_ message: String, _ field: String, _ advice: String) -> ZorBAError {
    ZorBAError(
      .invalidConfiguration, message, at: .init(field: "federation.\(field)"), advice: advice)
  }

  private static func uniform(_ labels: [Int?], clients: Int, seed: UInt64) -> [[Int]] {
    var order = Array(labels.indices)
    if labels.contains(where: { $0 != nil }) {
      var random = RandomGenerator(seed: seed)
      random.shuffle(&order)
    }
    // Sizes differ by at most one, the larger first.
    let (size, rest) = order.count.quotientAndRemainder(dividingBy: clients)
    return (0..<clients).map { client in
      let start = client * size + min(client, rest)
      return Array(order[start..<start + size + (client < rest ? 1 : 0)])
    }
  }

  private static func dirichlet(
    _ alpha: Double, _ labels: [Int?], clients: Int, seed: UInt64
  ) throws -> [[Int]] {
    guard alpha.isFinite, alpha >= 1e-6, alpha <= 1e9 else {
      throw failure(
        "alpha \(alpha) is not between 1e-6 and 1e9", "partition.alpha",
        "Use about 0.1 for strong and 10 for slight differences.")
    }
    guard labels.contains(where: { $0 != nil }) else {
      throw failure(
        "a dirichlet partition needs labels, and this task has none", "partition.kind",
        "Use kind: uniform.")
    }
    var shares = [[Int]](repeating: [], count: clients)
    let groups = Dictionary(grouping: labels.indices) { labels[$0] ?? -1 }
    for label in groups.keys.sorted() {
      var members = groups[label] ?? []
      var random = RandomGenerator(seed: seed, UInt64(bitPattern: Int64(label)))
      random.shuffle(&members)
      let parts = random.dirichlet(alpha: alpha, count: clients)
      var start = 0
      var cumulative = 0.0
      for (client, part) in parts.enumerated() {
        cumulative += part
        let exact = (cumulative * Double(members.count)).rounded()
        let end = client == clients - 1 ? members.count : min(members.count, Int(exact))
        shares[client] += members[start..<max(start, end)]
        start = max(start, end)
      }
    }
    return shares
  }

  /// Gives each empty client the last example of the largest (the first of equals).
  private static func fillEmpty(_ shares: inout [[Int]]) {
    for empty in shares.indices where shares[empty].isEmpty {
      var largest = 0
      for client in shares.indices where shares[client].count > shares[largest].count {
        largest = client
      }
      if let moved = shares[largest].popLast() { shares[empty].append(moved) }
    }
  }

  private static func grouped(
    _ sites: [String?], examples: Int, clients: Int
  ) throws -> [[Int]] {
    guard sites.count == examples, sites.allSatisfy({ $0 != nil }) else {
      throw failure(
        "a partition by column needs a site for every example", "partition.column",
        "Name the column that holds it.")
    }
    let names = siteNames(sites)
    guard names.count == clients else {
      throw failure(
        "the site column has \(names.count) values, for \(clients) clients", "clients",
        "Set federation.clients to \(names.count).")
    }
    let groups = Dictionary(grouping: sites.indices) { sites[$0] ?? "" }
    return names.map { groups[$0] ?? [] }
  }

  /// The values of a site column in the order in which `bySite` numbers its clients.
  package static func siteNames(_ sites: [String?]) -> [String] {
    Set(sites.lazy.compactMap { $0 }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func stretches(_ counts: [Int], examples: Int, clients: Int) throws -> [[Int]] {
    guard counts.count == clients else {
      throw failure(
        "there are \(counts.count) client files for \(clients) clients", "clients",
        "Set federation.clients to \(counts.count).")
    }
    precondition(counts.reduce(0, +) == examples, "the files' counts are not those of the examples")
    if let empty = counts.firstIndex(where: { $0 < 1 }) {
      throw failure(
        "client file \(empty + 1) has no examples", "partition.files", "Leave it out.")
    }
    var start = 0
    return counts.map { count in
      defer { start += count }
      return Array(start..<start + count)
    }
  }
}
