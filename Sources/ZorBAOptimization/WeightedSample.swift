/// Numbers with positive weights, in order: what the median and the trimmed mean are taken of.
///
/// Values are sorted ascending; equal values keep the order that they were given in, so that a sample
/// given in ascending number of clients has one order, and every sum below one result.
package struct WeightedSample: Hashable, Sendable {
  private let values: [Double]
  private let weights: [Double]
  /// Sums of the weights up to and including each value.
  private let cumulative: [Double]

  /// - Parameter entries: At least one; finite values, positive finite weights.
  package init(_ entries: [(weight: Double, value: Double)]) {
    let order = entries.indices.sorted {
      let (left, right) = (entries[$0].value, entries[$1].value)
      return left == right ? $0 < $1 : left < right
    }
    values = order.map { entries[$0].value }
    weights = order.map { entries[$0].weight }
    var sum = 0.0
    cumulative = weights.map { weight in
      sum += weight
      return sum
    }
  }

  /// W, the sum of all weights.
  private var total: Double { cumulative.last ?? 0 }

  /// The weighted mean, summed in ascending order of values.
  package var mean: Double {
    zip(weights, values).reduce(0) { $0 + $1.0 / total * $1.1 }
  }

  /// The weighted median: the first value at which the weights up to it exceed half of all, W / 2.
  ///
  /// Where they come to exactly half at a value, it is the mean of that value and the next one: both
  /// halves of the weight have an equal claim. It lies between honest values as long as the others
  /// hold less than half of the weight.
  package var median: Double {
    for index in values.indices {
      let twice = 2 * cumulative[index]
      if twice > total { return values[index] }
      if twice == total, index + 1 < values.count {
        return values[index] / 2 + values[index + 1] / 2
      }
    }
    return values.last ?? 0
  }

  /// The mean of what is left when a share of the weight is taken away at either end.
  ///
  /// A value on the border counts with the part of its weight that is left, so the result moves
  /// without jumps as the share does. A rest below 2^-40 of all weight is rounding and counts as none:
  /// values that hold no more than the share can then not be in the mean from outside the others.
  ///
  /// - Parameter share: From 0 to below 1/2.
  package func trimmedMean(share: Double) -> Double {
    var left = weights
    take(share * total, from: values.indices, of: &left)
    take(share * total, from: values.indices.reversed(), of: &left)
    let rest = left.reduce(0, +)
    guard rest > 0 else { return median }
    return zip(left, values).reduce(0) { $0 + $1.0 / rest * $1.1 }
  }

  private func take(
    _ amount: Double, from places: some Sequence<Int>, of left: inout [Double]
  ) {
    let crumb = total * 0x1p-40
    var amount = amount
    for place in places {
      let part = min(amount, left[place])
      amount -= part
      left[place] -= part
      if left[place] <= crumb { left[place] = 0 }
      if amount <= crumb { return }
    }
  }
}
