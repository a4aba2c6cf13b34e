import ZorBAStatistics

/// Exact bounds of a probability from so many successes of so many trials (Clopper and Pearson 1934).
package enum ClopperPearson {
  /// The probability is not below this, except with probability `error`.
  package static func lower(_ successes: Int, of trials: Int, error: Double) -> Double {
    guard successes > 0 else { return 0 }
    return bisect {
      IncompleteBeta.regularised($0, Double(successes), Double(trials - successes + 1)) >= error
    }
  }

  /// The probability is not above this, except with probability `error`.
  package static func upper(_ successes: Int, of trials: Int, error: Double) -> Double {
    1 - lower(trials - successes, of: trials, error: error)
  }

  /// The largest number known not to have reached the level yet: the safe side of a lower bound.
  private static func bisect(_ isReached: (Double) -> Bool) -> Double {
    var (low, high) = (0.0, 1.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if isReached(middle) { high = middle } else { low = middle }
    }
    return low
  }
}
