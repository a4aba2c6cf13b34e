import ZorBADiagnostics
import ZorBAJSON

/// What every plan for an instance must respect besides the budgets.
struct InstanceConstraints {
  let deadline: Double?
  let minimumClients: Int
  let minimumBlocks: Int
  let required: [Int: Set<Int>]
  let forbidden: [Int: Set<Int>]
  let groups: [[Int]]

  /// - Throws: `ZorBAError` for what is out of range or contradicts itself; whether a plan exists is
  ///   the planner's question.
  init(_ fields: InstanceFields, clients: Int, blocks: Int) throws {
    deadline =
      fields.value("deadline") == nil
      ? nil : try fields.number("deadline", in: Double.leastNonzeroMagnitude...1e30)
    minimumClients = try fields.integer("min_clients", in: 0...clients, default: 1)
    minimumBlocks = try fields.integer("min_blocks_per_client", in: 0...blocks, default: 0)
    required = try Self.pairs("required", fields, clients: clients, blocks: blocks)
    forbidden = try Self.pairs("forbidden", fields, clients: clients, blocks: blocks)
    groups = try Self.groups(fields, blocks: blocks)
    for (client, blocks) in required.sorted(by: { $0.key < $1.key }) {
      guard let block = blocks.intersection(forbidden[client] ?? []).min() else { continue }
      throw fields.failure(
        "forbidden", "client \(client) must and must not train block \(block)",
        advice: "Take [\(client), \(block)] out of required or forbidden.")
    }
  }

  /// `[[client, block], …]`, counted from 0.
  private static func pairs(
    _ key: String, _ fields: InstanceFields, clients: Int, blocks: Int
  ) throws -> [Int: Set<Int>] {
    var pairs: [Int: Set<Int>] = [:]
    for value in try fields.array(key) ?? [] {
      guard let pair = value.array, pair.count == 2, let client = pair[0].integer,
        let block = pair[1].integer, (0..<clients).contains(client), (0..<blocks).contains(block)
      else {
        throw fields.failure(
          key, "\(value.serialized.excerpt(limit: 40)) is no pair of a client and a block",
          advice:
            "Write [client, block], counted from 0: [0, 0] to [\(clients - 1), \(blocks - 1)]."
        )
      }
      pairs[client, default: []].insert(block)
    }
    return pairs
  }

  /// `[[block, …], …]`, disjoint.
  private static func groups(_ fields: InstanceFields, blocks: Int) throws -> [[Int]] {
    let key = "together"
    var seen: Set<Int> = []
    return try (fields.array(key) ?? []).map { value in
      guard let members = value.array, !members.isEmpty else {
        throw fields.failure(
          key, "\(InstanceFields.quoted(value)) is no list of blocks",
          advice: "Write [[0, 1], [4, 5, 6]], blocks counted from 0.")
      }
      return try members.map { member in
        let block = try fields.integer(member, key, in: 0...(blocks - 1))
        guard seen.insert(block).inserted else {
          throw fields.failure(
            key, "block \(block) is listed twice", advice: "Join the groups that share a block.")
        }
        return block
      }.sorted()
    }
  }
}
