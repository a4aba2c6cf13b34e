/// Byte-pair encoding of one word: merges the pair of lowest rank, the leftmost of equals, until
/// none is left.
///
/// Short words are searched linearly, which is fastest up to a few dozen symbols. Long ones use a
/// priority queue over a linked list, O(n log n), so that no input makes encoding quadratic.
enum SymbolMerger {
  /// Words up to this many symbols are searched linearly.
  static let linearLimit = 32

  /// Merges in place and returns how many symbols remain at the front of the buffer.
  static func merge(_ symbols: UnsafeMutableBufferPointer<Int32>, with table: MergeTable) -> Int {
    symbols.count <= linearLimit
      ? mergeLinearly(symbols, with: table) : mergeByQueue(symbols, with: table)
  }

  static func mergeLinearly(
    _ symbols: UnsafeMutableBufferPointer<Int32>, with table: MergeTable
  ) -> Int {
    var count = symbols.count
    if count < 2 { return count }
    return table.withLookup { lookup in
      withUnsafeTemporaryAllocation(of: MergeTable.Merge.self, capacity: count) { merges in
        // merges[i] is what symbols i and i + 1 become.
        for index in 0..<count - 1 {
          merges.initializeElement(at: index, to: lookup(symbols[index], symbols[index + 1]))
        }
        while count > 1 {
          var best = 0
          for index in 1..<count - 1 where merges[index].rank < merges[best].rank { best = index }
          if merges[best].rank == .max { break }
          symbols[best] = merges[best].id
          count -= 1
          for index in best + 1..<count { symbols[index] = symbols[index + 1] }
          for index in best..<count - 1 { merges[index] = merges[index + 1] }
          if best + 1 < count { merges[best] = lookup(symbols[best], symbols[best + 1]) }
          if best > 0 { merges[best - 1] = lookup(symbols[best - 1], symbols[best]) }
        }
        return count
      }
    }
  }

  /// A symbol of the linked list, with what it and its right neighbour become.
  private struct Node {
    var id: Int32
    var previous: Int32
    var next: Int32  // The number of symbols behind the last.
    var merge: MergeTable.Merge
  }

  static func mergeByQueue(
    _ symbols: UnsafeMutableBufferPointer<Int32>, with table: MergeTable
  ) -> Int {
    let count = symbols.count
    if count < 2 { return count }
    precondition(count <= Int(Int32.max) / 4, "a word of \(count) symbols")
    return table.withLookup { lookup in
      withUnsafeTemporaryAllocation(of: Node.self, capacity: count) { nodes in
        // Every pair enters once, and every merge, fewer than `count`, adds at most two.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 3 * count) { storage in
          var queue = MergeQueue(storage: storage)
          for index in 0..<count {
            let merge =
              index + 1 < count ? lookup(symbols[index], symbols[index + 1]) : MergeTable.Merge.none
            nodes.initializeElement(
              at: index,
              to: Node(
                id: symbols[index], previous: Int32(truncatingIfNeeded: index) - 1,
                next: Int32(truncatingIfNeeded: index) + 1, merge: merge))
            if merge != .none { queue.push(rank: merge.rank, position: index) }
          }
          while let (rank, position) = queue.pop() {
            // A stale entry: the pair that stood here has been merged away.
            guard nodes[position].merge.rank == rank else { continue }
            let removed = Int(nodes[position].next)
            let next = Int(nodes[removed].next)
            nodes[position].id = nodes[position].merge.id
            nodes[position].next = Int32(truncatingIfNeeded: next)
            nodes[removed].merge = .none
            nodes[position].merge = .none
            if next < count {
              nodes[next].previous = Int32(truncatingIfNeeded: position)
              let merge = lookup(nodes[position].id, nodes[next].id)
              nodes[position].merge = merge
              if merge != .none { queue.push(rank: merge.rank, position: position) }
            }
            let previous = Int(nodes[position].previous)
            if previous >= 0 {
              let merge = lookup(nodes[previous].id, nodes[position].id)
              nodes[previous].merge = merge
              if merge != .none { queue.push(rank: merge.rank, position: previous) }
            }
          }
          var remaining = 0
          var position = 0
          while position < count {
            symbols[remaining] = nodes[position].id
            remaining += 1
            position = Int(nodes[position].next)
          }
          return remaining
        }
      }
    }
  }
}

/// A binary heap of pair positions, lowest rank first, then leftmost.
private struct MergeQueue {
  private let storage: UnsafeMutableBufferPointer<UInt64>
  private var count = 0

  init(storage: UnsafeMutableBufferPointer<UInt64>) { self.storage = storage }

  mutating func push(rank: UInt32, position: Int) {
    let entry = UInt64(rank) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
    var child = count
    count += 1
    while child > 0 {
      let parent = (child - 1) / 2
      if storage[parent] <= entry { break }
      storage[child] = storage[parent]
      child = parent
    }
    storage[child] = entry
  }

  mutating func pop() -> (rank: UInt32, position: Int)? {
    if count == 0 { return nil }
    let top = storage[0]
    count -= 1
    let last = storage[count]
    var parent = 0
    while true {
      var child = 2 * parent + 1
      if child >= count { break }
      if child + 1 < count, storage[child + 1] < storage[child] { child += 1 }
      if last <= storage[child] { break }
      storage[parent] = storage[child]
      parent = child
    }
    if count > 0 { storage[parent] = last }
    return (UInt32(truncatingIfNeeded: top >> 32), Int(UInt32(truncatingIfNeeded: top)))
  }
}
