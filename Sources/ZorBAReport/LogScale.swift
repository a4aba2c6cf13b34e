#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A logarithmic axis that starts and ends at a power of ten.
///
/// Zero, negative and non-finite values have no logarithm: they lie at the lower end.
struct LogScale: Equatable, Sendable {
  /// Exponents of the decades that carry a line and a label, ascending, at least two.
  let exponents: [Int]

  private var lower: Double { Double(exponents.first ?? 0) }
  private var upper: Double { Double(exponents.last ?? 1) }

  /// The scale for the positive finite ones among `values`, with at most about `count` labelled decades.
  init(covering values: some Sequence<Double>, count: Int = 8) {
    var low = Int.max
    var high = Int.min
    for value in values where value > 0 && value.isFinite {
      let exponent = PowerOfTen.exponent(of: value)
      low = min(low, exponent)
      high = max(high, PowerOfTen.value(exponent) == value ? exponent : exponent + 1)
    }
    if low > high { (low, high) = (0, 1) }
    if low == high { low -= 1 }
    let stride = max(1, (high - low + count - 1) / max(count, 1))
    var exponents: [Int] = []
    var exponent = low
    while exponent < high {
      exponents.append(exponent)
      exponent += stride
    }
    exponents.append(exponent)
    self.exponents = exponents
  }

  /// Where a value lies between the ends of the axis: 0 … 1, clamped.
  func position(of value: Double) -> Double {
    guard value > 0, value.isFinite else { return value == .infinity ? 1 : 0 }
    return min(max((log10(value) - lower) / (upper - lower), 0), 1)
  }

  /// Where the decade 10^exponent lies: 0 … 1.
  func position(ofDecade exponent: Int) -> Double {
    (Double(exponent) - lower) / (upper - lower)
  }
}
