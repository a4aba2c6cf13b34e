/// The bound that answers are shortened to when it is not given: a multiple of their usual norm.
///
/// The usual norm is the median over the last rounds of each round's median, the round at hand among
/// them, so that the first round has a bound too:
///
///     bound_t = 3 median( m_t, m_(t-1) … m_(t-14) ),   m_t = median_k |c_k|_2
///
/// Medians take the lower of the two middle values. With less than half of the answers false, every
/// m_t lies between norms of honest answers, and so does their median. It follows from the answers of
/// committed rounds alone, so a restart that is shown those arrives at the same bits.
package struct NormBound: Hashable, Sendable {
  /// The bound in usual norms.
  package static let multiple = 3.0
  /// Rounds that the usual norm is taken over, the one at hand included.
  package static let window = 15

  /// The medians of the last committed rounds, oldest first.
  private var medians: [Double] = []

  /// Nothing was seen yet.
  package init() {}

  /// The bound for a round's answers; infinite when there are none.
  ///
  /// - Parameter norms: L2 norms of the answers, in any order.
  package func bound(for norms: [Double]) -> Double {
    guard let median = Self.lowerMedian(norms) else { return .infinity }
    return Self.multiple * (Self.lowerMedian(medians + [median]) ?? median)
  }

  /// Learns a committed round's answers.
  package mutating func learn(_ norms: [Double]) {
    guard let median = Self.lowerMedian(norms) else { return }
    medians.append(median)
    if medians.count >= Self.window { medians.removeFirst(medians.count - Self.window + 1) }
  }

  private static func lowerMedian(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    return values.sorted()[(values.count - 1) / 2]
  }
}
