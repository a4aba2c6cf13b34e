/// An assignment under construction that keeps within capacities, and ways to cover every block.
struct CoverBuilder {
  let input: PolicyInput
  /// [clients, blocks]
  private(set) var rows: [[Bool]]
  /// Clients of every block. [blocks]
  private(set) var coverage: [Int]
  private var used: [Double]

  /// Nobody trains anything yet.
  init(_ input: PolicyInput) {
    self.input = input
    rows = Array(
      repeating: Array(repeating: false, count: input.blocks), count: input.clientCount)
    coverage = Array(repeating: 0, count: input.blocks)
    used = Array(repeating: 0, count: input.clientCount)
  }

  /// Blocks that have too few clients, from 0.
  var short: [Int] { coverage.indices.filter { coverage[$0] < input.minimumClients } }

  /// Whether a client has room for a block it does not train, if it gave up `others`.
  func fits(_ client: Int, _ block: Int, insteadOf others: [Int] = []) -> Bool {
    guard !rows[client][block] else { return false }
    let capacity = input.capacities[client]
    let freed = others.reduce(0) { $0 + capacity.demand(of: $1) }
    return used[client] - freed + capacity.demand(of: block) <= capacity.limit
  }

  mutating func add(_ client: Int, _ block: Int) {
    rows[client][block] = true
    coverage[block] += 1
    used[client] += input.capacities[client].demand(of: block)
  }

  mutating func remove(_ client: Int, _ block: Int) {
    rows[client][block] = false
    coverage[block] -= 1
    used[client] -= input.capacities[client].demand(of: block)
  }

  /// Gives a client blocks in the given order, passing over those that do not fit.
  mutating func fill(_ client: Int, with order: some Sequence<Int>) {
    for block in order where fits(client, block) { add(client, block) }
  }

  /// The least that covers: large blocks first, each to the clients with most room left.
  ///
  /// With blocks of one size this finds a cover whenever there is one (the construction of Gale and
  /// Ryser); with blocks of many sizes covering is bin packing, and this is a good heuristic.
  static func cover(_ input: PolicyInput) -> CoverBuilder {
    var builder = CoverBuilder(input)
    let sizes = (0..<input.blocks).map { block in
      input.capacities.reduce(0) { max($0, $1.demand(of: block)) }
    }
    for block in sizes.indices.sorted(by: { (-sizes[$0], $0) < (-sizes[$1], $1) }) {
      let clients = input.capacities.indices.filter { builder.fits($0, block) }
        .sorted { (-builder.room($0), $0) < (-builder.room($1), $1) }
      for client in clients.prefix(input.minimumClients) { builder.add(client, block) }
    }
    return builder
  }

  private func room(_ client: Int) -> Double { input.capacities[client].limit - used[client] }

  /// Covers blocks that fall short: where there is room they are added, else they take the place of
  /// well-covered ones. Every step adds a client to a block that lacks one and takes none from a
  /// block that needs it, so this ends; with blocks of one size it ends with everything covered if
  /// that is possible at all (`ActivationMatrix.random`).
  ///
  /// - Parameter choose: Which of so many ways to take; ways that keep the most dispensable blocks
  ///   out come first, by `dispensability`, largest first.
  mutating func repair(
    dispensability: (Int) -> Double = { _ in 0 }, choose: (Int) -> Int = { _ in 0 }
  ) {
    for block in coverage.indices {
      while coverage[block] < input.minimumClients {
        let open = rows.indices.filter { fits($0, block) }
          .sorted { (-room($0), $0) < (-room($1), $1) }
        if !open.isEmpty {
          add(open[choose(open.count)], block)
          continue
        }
        let exchanges = rows.indices.compactMap { client in
          exchange(client, for: block, dispensability).map { (client, $0) }
        }
        let cost = exchanges.map { $0.1.reduce(0) { $0 - dispensability($1) } }
        guard let least = cost.min() else { break }
        let best = exchanges.indices.filter { cost[$0] == least }
        let (client, given) = exchanges[best[choose(best.count)]]
        for other in given { remove(client, other) }
        add(client, block)
      }
    }
  }

  /// The fewest well-covered blocks that a client has to give up for another, the most dispensable
  /// first; nil when that is not enough.
  private func exchange(
    _ client: Int, for block: Int, _ dispensability: (Int) -> Double
  ) -> [Int]? {
    guard !rows[client][block] else { return nil }
    let surplus = coverage.indices
      .filter { rows[client][$0] && coverage[$0] > input.minimumClients }
      .sorted { (-dispensability($0), $0) < (-dispensability($1), $1) }
    if let one = surplus.first(where: { fits(client, block, insteadOf: [$0]) }) { return [one] }
    var given: [Int] = []
    for other in surplus {
      given.append(other)
      if fits(client, block, insteadOf: given) { return given }
    }
    return nil
  }
}
