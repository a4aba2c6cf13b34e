package import ZorBAJSON

/// Repeated measurements of one quantity in brief.
package struct Spread: Sendable, Hashable {
  package let min: Double
  /// The middle one; of an even number of samples, the mean of the two in the middle.
  package let median: Double
  package let max: Double

  /// - Parameter samples: In any order; not empty.
  package init(_ samples: [Double]) {
    precondition(!samples.isEmpty, "a spread needs a sample")
    let sorted = samples.sorted()
    let middle = sorted.count / 2
    min = sorted[0]
    max = sorted[sorted.count - 1]
    median =
      sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// `{min, median, max}`.
  package var json: JSONValue {
    ["min": .number(min), "median": .number(median), "max": .number(max)]
  }
}

/// Seconds that `body` takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let start = clock.now
  try body()
  return (clock.now - start) / .seconds(1)
}
