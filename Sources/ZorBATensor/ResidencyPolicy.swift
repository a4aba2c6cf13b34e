/// Which blocks stay in memory and which pass through it.
///
/// A resident block keeps its pages between passes. A streamed one is fetched shortly before it is
/// used and given back right after, so that at any time at most one streamed block is there beside
/// the resident ones. Active blocks come first, since they are read and written; then whatever fits.
package struct ResidencyPolicy: Sendable, Equatable {
  /// What a block takes.
  package struct Demand: Sendable, Equatable {
    /// Bytes of the block when it stays.
    package var whole: Int
    /// Bytes of it that are in memory at once while it is streamed. Large tables are walked piece by
    /// piece and need less than their size.
    package var passing: Int

    package init(whole: Int, passing: Int) {
      self.whole = whole
      self.passing = min(passing, whole)
    }
  }

  package let demands: [Demand]
  /// Blocks that keep their pages.
  package let resident: Set<Int>

  /// - Parameters:
  ///   - demands: One a block.
  ///   - active: Blocks that the coming passes perturb or update.
  ///   - capacity: Bytes that weights may take.
  package init(demands: [Demand], active: Set<Int>, capacity: Int) {
    self.demands = demands
    // Block 0 comes last among the inactive: it is by far the largest and partly read row by row.
    let others = demands.indices.filter { !active.contains($0) }.sorted {
      ($0 == 0 ? Int.max : $0) < ($1 == 0 ? Int.max : $1)
    }
    let order = demands.indices.filter(active.contains) + others
    var resident: Set<Int> = []
    for block in order {
      resident.insert(block)
      if Self.peakByteCount(demands, resident: resident) > capacity { resident.remove(block) }
    }
    self.resident = resident
  }

  /// The least capacity under which weights never exceed it: everything is streamed.
  package static func leastCapacity(_ demands: [Demand]) -> Int {
    peakByteCount(demands, resident: [])
  }

  package func isStreamed(_ block: Int) -> Bool { !resident.contains(block) }

  /// Bytes of weights in memory at once, at most.
  package var peakByteCount: Int { Self.peakByteCount(demands, resident: resident) }

  /// The next block after `block` that must be fetched, in the order of a pass.
  package func nextStreamed(after block: Int) -> Int? {
    demands.indices.first { $0 > block && isStreamed($0) }
  }

  private static func peakByteCount(_ demands: [Demand], resident: Set<Int>) -> Int {
    var kept = 0
    var passing = 0
    for (block, demand) in demands.enumerated() {
      if resident.contains(block) {
        kept += demand.whole
      } else {
        passing = max(passing, demand.passing)
      }
    }
    return kept + passing
  }
}
