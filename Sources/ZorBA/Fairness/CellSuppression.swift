/// Which cells of a table of counts are not told, so that small ones cannot be computed from the rest.
///
/// The sum of all cells is known. Cells below the minimum are hidden; as long as only one cell is
/// hidden, or those that are hold fewer rows than the minimum together, the smallest one that is told
/// is hidden too (the first of equals). What is left to compute is then the sum of at least two cells
/// and at least as many rows as the minimum. A table of fewer rows than that in all tells nothing.
enum CellSuppression {
  /// The places of the cells that may be told.
  ///
  /// - Parameter counts: At least 1 each.
  static func told(_ counts: [Int], minimum: Int) -> Set<Int> {
    guard counts.reduce(0, +) >= minimum else { return [] }
    var told = Set(counts.indices.filter { counts[$0] >= minimum })
    func isSafe() -> Bool {
      let hidden = counts.indices.filter { !told.contains($0) }
      return hidden.isEmpty
        || hidden.count >= 2 && hidden.reduce(0) { $0 + counts[$1] } >= minimum
    }
    while !isSafe(), let smallest = told.min(by: { (counts[$0], $0) < (counts[$1], $1) }) {
      told.remove(smallest)
    }
    return told
  }
}
