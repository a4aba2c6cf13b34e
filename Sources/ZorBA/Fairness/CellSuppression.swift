/// Which cells of a table of counts are not told, so that small ones cannot be computed from the rest.
///
/// The sum of all cells is known, and this rule is. Cells below the minimum m are hidden. While what is
/// hidden could still be computed or is a small group itself, the smallest cells that are told are
/// hidden too, all of that size together (hiding one of two equal cells would tell them apart). That
/// is so while
///
/// - only one cell is hidden: it is the total less the others;
/// - the hidden cells hold fewer than m rows together;
/// - all of them hold 1, or all of them m - 1: their sum is then the least, or the most, that so many
///   cells below m can hold, and gives each of them away.
///
/// With this every hidden cell can have several sizes, as far as a reader can tell who lists all
/// tables that lead to the same release; `SuppressionTests` lists them all, up to six cells. A table
/// that ends with nothing to tell has no cells at all, for then names would tell counts.
enum CellSuppression {
  /// The places of the cells that may be told.
  ///
  /// - Parameter counts: At least 1 each.
  static func told(_ counts: [Int], minimum: Int) -> Set<Int> {
    var told = Set(counts.indices.filter { counts[$0] >= minimum })
    func isSafe() -> Bool {
      let hidden = counts.indices.filter { !told.contains($0) }.map { counts[$0] }
      guard !hidden.isEmpty else { return true }
      return hidden.count >= 2 && hidden.reduce(0, +) >= minimum
        && hidden.contains { $0 != 1 } && hidden.contains { $0 != minimum - 1 }
    }
    while !isSafe(), let smallest = told.lazy.map({ counts[$0] }).min() {
      told = told.filter { counts[$0] > smallest }
    }
    return told
  }
}
