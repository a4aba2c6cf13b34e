/// How many insertions, deletions, replacements and swaps of neighbours turn one word into another.
///
/// The restricted Damerau-Levenshtein distance over UTF-8 bytes, for guessing what a misspelt key was
/// meant to be.
enum EditDistance {
  static func between(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    var before = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for row in left.indices {
      var next = [row + 1]
      next.reserveCapacity(right.count + 1)
      for column in right.indices {
        let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
        var best = min(replaced, last[column + 1] + 1, next[column] + 1)
        let isSwap =
          row > 0 && column > 0 && left[row] == right[column - 1] && left[row - 1] == right[column]
        if isSwap { best = min(best, before[column - 1] + 1) }
        next.append(best)
      }
      (before, last) = (last, next)
    }
    return last[right.count]
  }

  /// The candidate nearest to a word, unless all are too far off to be meant.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    // A long word is no typing error, and the table grows with its length.
    guard word.utf8.count <= 64 else { return nil }
    let scored = candidates.map { (name: $0, distance: between(word, $0)) }
    guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(2, best.name.utf8.count / 3) ? best.name : nil
  }
}
