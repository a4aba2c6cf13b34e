/// What one site pays for training a set of blocks: memory and time of one round.
///
///     memory(A_k) = fixed + sum of resident bytes of the active blocks
///     seconds(A_k) = fixed + prefix below the first active block + suffix from it on
///                    + regeneration of the active blocks                       (algorithm, section 4)
///
/// Both grow with every block that is added, which the planner relies on: the cost of part of a row
/// is a lower bound on the cost of the row.
package struct SiteCosts: Sendable, Equatable {
  /// Bytes that are there whatever the site trains.
  package var fixedBytes: Double
  /// Bytes of a block kept in memory because it is active. [blocks]
  package var residentBytes: [Double]
  /// Seconds of a round whatever the site trains.
  package var fixedSeconds: Double
  /// Seconds to run a block once, below the first active one. [blocks]
  package var prefixSeconds: [Double]
  /// Seconds to run a block in all branches, from the first active one on; at least the prefix's. [blocks]
  package var suffixSeconds: [Double]
  /// Seconds more for a block that is active: its perturbations and its share of local steps. [blocks]
  package var activeSeconds: [Double]

  package init(
    fixedBytes: Double, residentBytes: [Double], fixedSeconds: Double = 0,
    prefixSeconds: [Double], suffixSeconds: [Double], activeSeconds: [Double]
  ) {
    self.fixedBytes = fixedBytes
    self.residentBytes = residentBytes
    self.fixedSeconds = fixedSeconds
    self.prefixSeconds = prefixSeconds
    self.suffixSeconds = suffixSeconds
    self.activeSeconds = activeSeconds
  }

  /// Bytes at the peak of a round. [blocks]
  package func memory(_ row: [Bool]) -> Double {
    zip(row, residentBytes).reduce(fixedBytes) { $1.0 ? $0 + $1.1 : $0 }
  }

  /// Seconds of a round; 0 for a site that rests. [blocks]
  package func seconds(_ row: [Bool]) -> Double {
    guard let first = row.firstIndex(of: true) else { return 0 }
    var seconds = fixedSeconds
    for block in row.indices {
      seconds += block < first ? prefixSeconds[block] : suffixSeconds[block]
      if row[block] { seconds += activeSeconds[block] }
    }
    return seconds
  }
}
