import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How rows are spread over clients: every row to exactly one, no client empty.
package enum PartitionPlan: Sendable, Equatable {
  /// For every label, shares over clients drawn from Dirichlet(alpha); small alpha is skewed.
  case dirichlet(alpha: Double)
  /// Equal random shares; contiguous ones where rows have no labels.
  case uniform

  /// Assigns rows to clients.
  ///
  /// - Parameters:
  ///   - labels: The label of every row; nil for running text.
  ///   - clients: How many clients.
  ///   - seed: Equal seeds give equal assignments.
  /// - Returns: Row indices by client, ascending.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when there are more clients than rows.
  package func assign(labels: [Int?], clients: Int, seed: UInt64) throws -> [[Int]] {
    guard clients >= 1, clients <= labels.count else {
      throw ZorBAError(
        .invalidConfiguration, "\(labels.count) rows cannot be spread over \(clients) clients",
        at: .init(field: "federation.clients"), advice: "Use at most one client a row.")
    }
    var generator = SplitMix64(seed: seed)
    guard labels.contains(where: { $0 != nil }) else {
      return Self.contiguous(labels.count, clients: clients)
    }
    var shares: [[Int]]
    switch self {
    case .uniform:
      var rows = Array(labels.indices)
      generator.shuffle(&rows)
      shares = Self.contiguous(rows.count, clients: clients).map { $0.map { rows[$0] } }
    case .dirichlet(let alpha):
      shares = Self.dirichlet(labels, clients: clients, alpha: alpha, using: &generator)
    }
    Self.fillEmpty(&shares)
    return shares.map { $0.sorted() }
  }

  private static func contiguous(_ count: Int, clients: Int) -> [[Int]] {
    (0..<clients).map { Array(count * $0 / clients..<count * ($0 + 1) / clients) }
  }

  private static func dirichlet(
    _ labels: [Int?], clients: Int, alpha: Double, using generator: inout SplitMix64
  ) -> [[Int]] {
    var shares = [[Int]](repeating: [], count: clients)
    let classes = Set(labels.map { $0 ?? -1 }).sorted()
    for label in classes {
      var rows = labels.indices.filter { (labels[$0] ?? -1) == label }
      generator.shuffle(&rows)
      let draws = (0..<clients).map { _ in gamma(alpha, using: &generator) }
      let total = draws.reduce(0, +)
      var cumulative = 0.0
      var start = 0
      for client in 0..<clients {
        cumulative += draws[client]
        let end =
          client == clients - 1
          ? rows.count : min(rows.count, Int((cumulative / total * Double(rows.count)).rounded()))
        if end > start { shares[client] += rows[start..<end] }
        start = max(start, end)
      }
    }
    return shares
  }

  /// Gamma(shape, 1) by Marsaglia and Tsang (2000), boosted below shape 1; never 0.
  private static func gamma(_ shape: Double, using generator: inout SplitMix64) -> Double {
    if shape < 1 {
      let boosted = gamma(shape + 1, using: &generator)
      return max(boosted * pow(generator.unit(), 1 / shape), .leastNormalMagnitude)
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal(using: &generator)
      let t = 1 + c * x
      guard t > 0 else { continue }
      let v = t * t * t
      if log(generator.unit()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
    }
  }

  private static func normal(using generator: inout SplitMix64) -> Double {
    (-2 * log(generator.unit())).squareRoot() * cos(2 * .pi * generator.unit())
  }

  /// Moves rows from the fullest client to empty ones.
  private static func fillEmpty(_ shares: inout [[Int]]) {
    while let empty = shares.firstIndex(where: \.isEmpty),
      let fullest = shares.indices.max(by: { shares[$0].count < shares[$1].count }),
      shares[fullest].count > 1
    {
      shares[empty].append(shares[fullest].removeLast())
    }
  }
}
