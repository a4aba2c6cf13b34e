/// The weighted mean of the clients' changes, tensor by tensor.
///
/// Sums run in binary64 in the order in which clients are added, which is that of their numbers; the
/// mean is rounded once to binary32. A tensor that only some clients trained is averaged over those.
package final class DenseMean {
  private let sums: [UnsafeMutableBufferPointer<Double>]
  /// What each tensor's clients weigh together.
  package private(set) var totals: [Double]

  /// - Parameter elementCounts: Of every tensor that some client trains.
  package init(elementCounts: [Int]) {
    sums = elementCounts.map { count in
      let sum = UnsafeMutableBufferPointer<Double>.allocate(capacity: max(1, count))
      sum.initialize(repeating: 0)
      return sum
    }
    totals = [Double](repeating: 0, count: elementCounts.count)
  }

  deinit {
    for sum in sums { sum.deallocate() }
  }

  /// Forgets all clients.
  package func reset() {
    for sum in sums { sum.update(repeating: 0) }
    totals = [Double](repeating: 0, count: totals.count)
  }

  /// Says that a client trained a tensor; its values follow.
  ///
  /// - Parameter weight: p_k up to a common factor, positive.
  package func count(tensor: Int, weight: Double) { totals[tensor] += weight }

  /// Adds some of a client's values, of a tensor that it was counted for.
  package func add(
    _ values: UnsafeBufferPointer<Float>, tensor: Int, first: Int, weight: Double
  ) {
    let sum = sums[tensor]
    for index in 0..<values.count { sum[first + index] += weight * Double(values[index]) }
  }

  /// The means of some consecutive elements of a tensor that somebody trained.
  package func mean(
    tensor: Int, first: Int, into values: UnsafeMutableBufferPointer<Float>
  ) {
    let sum = sums[tensor]
    let total = totals[tensor]
    for index in 0..<values.count { values[index] = Float(sum[first + index] / total) }
  }
}
