package import ZorBAFederation

/// The depth cut into stretches of neighbouring blocks, one a client, as long as fits, for good.
///
/// Stretches stand end to end from the first block to the last, then from the first again. One that
/// would run over the end is moved back so that it ends there; only if that leaves a block without
/// its clients do stretches run over the end and on at the first block.
package enum ContiguousPolicy {
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the stretches cannot cover every
  ///   block.
  package static func plan(_ input: PolicyInput) throws -> ActivationPlan {
    let straight = rows(input, wraps: false)
    let rows = short(straight, input).isEmpty ? straight : rows(input, wraps: true)
    let short = short(rows, input)
    guard short.isEmpty else {
      throw input.uncovered(short) { Self.short(Self.rows($0, wraps: true), $0).isEmpty }
    }
    return ActivationPlan(fixed: try ActivationMatrix(rows: rows, mayRest: true))
  }

  private static func short(_ rows: [[Bool]], _ input: PolicyInput) -> [Int] {
    (0..<input.blocks).filter { block in rows.count { $0[block] } < input.minimumClients }
  }

  private static func rows(_ input: PolicyInput, wraps: Bool) -> [[Bool]] {
    let blocks = input.blocks
    var cursor = 0
    return input.capacities.map { capacity in
      var row = Array(repeating: false, count: blocks)
      var used = 0.0
      var length = 0
      func fits(_ block: Int) -> Bool {
        !row[block] && used + capacity.demand(of: block) <= capacity.limit
      }
      func take(_ block: Int) {
        row[block] = true
        used += capacity.demand(of: block)
        length += 1
      }
      while length < blocks, wraps || cursor + length < blocks {
        let block = (cursor + length) % blocks
        guard fits(block) else { break }
        take(block)
      }
      if length == 0 {
        // The next block is too large here: a later one is better than none.
        if let block = (cursor..<cursor + blocks).first(where: { fits($0 % blocks) }) {
          take(block % blocks)
        }
        return row
      }
      // At the end of the depth there is room in front.
      if !wraps, cursor + length == blocks {
        var front = cursor - 1
        while front >= 0, fits(front) {
          take(front)
          front -= 1
        }
        cursor = 0
      } else {
        cursor = (cursor + length) % blocks
      }
      return row
    }
  }
}
