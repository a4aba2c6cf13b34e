package import ZorBAFederation

/// At every client a window of neighbouring blocks that slides along the depth, from the last block
/// on to the first.
///
/// The windows of all clients stand end to end on the circle of blocks and slide together, so every
/// block has at least floor(sum of lengths / blocks) clients in every round. With g the greatest
/// common divisor of the lengths and the number of blocks they slide by the largest step that has
/// only g in common with the number of blocks: after blocks / g windows every client has trained
/// every block, and all of them equally often.
package enum RoundRobinPolicy {
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the windows cannot cover every block.
  package static func plan(_ input: PolicyInput) throws -> ActivationPlan {
    let lengths = lengths(input)
    let blocks = input.blocks
    guard covers(input, lengths) else {
      let cover = matrixRows(lengths, blocks: blocks, position: 0)
      let short = (0..<blocks).filter { block in
        cover.count { $0[block] } < input.minimumClients
      }
      throw input.uncovered(short) { covers($0, Self.lengths($0)) }
    }
    let divisor = lengths.reduce(blocks) { gcd($0, $1) }
    let shortest = lengths.min() ?? 1
    let step = (1...shortest).last { gcd(blocks, $0) == divisor } ?? divisor
    let count = input.window == 0 ? 1 : blocks / divisor
    let cycle = try (0..<count).map { index in
      try ActivationMatrix(
        rows: matrixRows(lengths, blocks: blocks, position: index * step), mayRest: true)
    }
    return ActivationPlan(cycle: cycle, window: max(1, input.window))
  }

  /// The window that fits every client wherever it stands; 0 where a block does not fit at all.
  private static func lengths(_ input: PolicyInput) -> [Int] {
    input.capacities.map { capacity in
      (0..<input.blocks).map { start in
        var used = 0.0
        let beyond = (0..<input.blocks).first { step in
          used += capacity.demand(of: (start + step) % input.blocks)
          return used > capacity.limit
        }
        return beyond ?? input.blocks
      }.min() ?? 0
    }
  }

  private static func covers(_ input: PolicyInput, _ lengths: [Int]) -> Bool {
    lengths.allSatisfy { $0 > 0 }
      && lengths.reduce(0, +) / input.blocks >= input.minimumClients
  }

  private static func matrixRows(_ lengths: [Int], blocks: Int, position: Int) -> [[Bool]] {
    var start = position
    return lengths.map { length in
      var row = Array(repeating: false, count: blocks)
      for block in start..<start + length { row[block % blocks] = true }
      start += length
      return row
    }
  }

  private static func gcd(_ left: Int, _ right: Int) -> Int {
    right == 0 ? left : gcd(right, left % right)
  }
}
