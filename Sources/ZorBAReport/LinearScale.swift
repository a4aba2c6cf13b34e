/// A linear axis with round tick values: steps of 1, 2 or 5 times a power of ten.
///
/// The domain is widened to whole steps, so the first and the last tick are its ends. Non-finite data have no place
/// on it and are ignored; data without extent get an extent around them.
struct LinearScale: Equatable, Sendable {
  /// The values that carry a line and a label, ascending, at least two, equally spaced.
  let ticks: [Double]
  /// The same values as text, all different.
  let labels: [String]

  var lower: Double { ticks.first ?? 0 }
  var upper: Double { ticks.last ?? 1 }

  /// The scale for the finite ones among `values`, with about `count` ticks.
  ///
  /// - Parameter includesZero: Whether the axis must reach zero, as bars demand.
  init(covering values: some Sequence<Double>, count: Int = 5, includesZero: Bool = false) {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where value.isFinite {
      // Beyond this, differences overflow; no drawing tells such values apart.
      let bounded = min(max(value, -1e300), 1e300)
      low = min(low, bounded)
      high = max(high, bounded)
    }
    if low > high { (low, high) = (0, 1) }
    if includesZero { (low, high) = (min(low, 0), max(high, 0)) }
    // A span lost in the rounding of its ends cannot be divided into steps.
    let magnitude = max(low.magnitude, high.magnitude)
    if high - low <= max(magnitude * 1e-9, 1e-290) {
      let extent = magnitude < 1e-280 ? 1 : magnitude * 0.05
      (low, high) = (low - extent, high + extent)
      if includesZero, magnitude < 1e-280 { low = 0 }
    }
    let step = LinearScale.step(for: (high - low) / Double(max(count, 2)))
    let first = (low / step.size).rounded(.down)
    let last = max((high / step.size).rounded(.up), first + 1)
    var ticks: [Double] = []
    var index = first
    while index <= last {
      // Dividing by a whole number keeps 0.3 from becoming 0.30000000000000004.
      let tick =
        step.exponent < 0 && step.exponent > -300
        ? index * step.multiple / PowerOfTen.value(-step.exponent) : index * step.size
      ticks.append(tick == 0 ? 0 : tick)
      index += 1
    }
    self.ticks = ticks
    self.labels = LinearScale.labels(of: ticks, exponent: step.exponent)
  }

  /// Where a value lies between the ends of the axis: 0 … 1, clamped.
  func position(of value: Double) -> Double {
    guard upper > lower else { return 0 }
    return min(max((value - lower) / (upper - lower), 0), 1)
  }

  private struct Step {
    var multiple: Double
    var exponent: Int
    var size: Double
  }

  /// The smallest round step that is at least `ideal`.
  private static func step(for ideal: Double) -> Step {
    let exponent = PowerOfTen.exponent(of: ideal)
    for multiple in [1.0, 2, 5] {
      let size =
        exponent < 0 && exponent > -300
        ? multiple / PowerOfTen.value(-exponent) : multiple * PowerOfTen.value(exponent)
      if size >= ideal { return Step(multiple: multiple, exponent: exponent, size: size) }
    }
    return Step(multiple: 1, exponent: exponent + 1, size: PowerOfTen.value(exponent + 1))
  }

  /// Plain decimals where they stay short, else powers of ten.
  private static func labels(of ticks: [Double], exponent: Int) -> [String] {
    let largest = ticks.map(\.magnitude).max() ?? 0
    if largest < 1e6, exponent >= -6 {
      return ticks.map { NumberText.fixed($0, digits: max(0, -exponent)) }
    }
    let top = PowerOfTen.exponent(of: largest)
    let scale = PowerOfTen.value(top)
    let digits = min(max(0, top - exponent), 15)
    return ticks.map { tick in
      tick == 0 ? "0" : NumberText.fixed(tick / scale, digits: digits) + "e\(top)"
    }
  }
}
