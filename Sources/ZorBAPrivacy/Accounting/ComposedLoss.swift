#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The distribution of the sum of independent privacy losses, by the Fourier transform.
struct ComposedLoss {
  /// Losses and their masses; masses below 0 are rounding.
  let grid: LossGrid
  /// Mass that may be missing from the window or, wrapped around, be in the wrong place.
  let tail: Double
  /// What rounding of the transforms can add up to.
  let rounding: Double

  /// - Parameters:
  ///   - parts: Distributions on grids of one step, and how often each is added.
  ///   - tail: The mass that may fall out of the window, on each side.
  ///   - mostPoints: The longest window, a power of two.
  /// - Returns: Nil when the window would be longer than that.
  init?(_ parts: [(grid: LossGrid, count: Int)], tail: Double, mostPoints: Int) {
    guard let step = parts.first?.grid.step,
      let window = Self.window(of: parts, tail: tail)
    else { return nil }
    let lowest = (window.lowerBound / step).rounded(.down)
    let points = (window.upperBound / step).rounded(.up) - lowest + 1
    guard points <= Double(mostPoints), abs(lowest) < 1e15 else { return nil }
    var size = 2
    while Double(size) < points { size *= 2 }

    let transform = FourierTransform(count: size)
    var (real, imaginary) = (
      [Double](repeating: 1, count: size), [Double](repeating: 0, count: size)
    )
    // Every part is shifted to begin at 0, and the sum back.
    var shift = 0
    var unit = 0
    for part in parts where part.count > 0 {
      var re = [Double](repeating: 0, count: size)
      var im = [Double](repeating: 0, count: size)
      for (index, value) in part.grid.mass.enumerated() { re[index & (size - 1)] += value }
      transform.forward(&re, &im)
      Self.multiply(&real, &imaginary, by: re, im, times: part.count)
      shift += part.grid.lowest * part.count
      unit += part.count
    }
    transform.inverse(&real, &imaginary)
    // Place j of the result holds every sum that is j + shift up to a multiple of the size.
    let first = Int(lowest)
    var mass = [Double](repeating: 0, count: size)
    for index in 0..<size { mass[index] = real[(first + index - shift) & (size - 1)] }
    let finite = parts.reduce(0.0) { $0 + Double($1.count) * log1p(-min(1, $1.grid.infinite)) }
    grid = LossGrid(lowest: first, mass: mass, infinite: -expm1(finite), step: step)
    self.tail = tail
    let norm = mass.reduce(0) { $0 + $1 * $1 }.squareRoot()
    rounding =
      Double(size).squareRoot() * Double(max(1, unit)) * log2(Double(size)) * 0x1p-52
      * norm
  }

  /// Multiplies every number by the power of another.
  private static func multiply(
    _ real: inout [Double], _ imaginary: inout [Double], by re: [Double], _ im: [Double],
    times count: Int
  ) {
    for index in real.indices {
      var (a, b) = (re[index], im[index])
      var (x, y) = (real[index], imaginary[index])
      var rest = count
      while true {
        if rest & 1 == 1 { (x, y) = (x * a - y * b, x * b + y * a) }
        rest >>= 1
        if rest == 0 { break }
        (a, b) = (a * a - b * b, 2 * a * b)
      }
      (real[index], imaginary[index]) = (x, y)
    }
  }

  /// Where all but `tail` of the mass lies on either side, by Chernoff's bound.
  private static func window(
    of parts: [(grid: LossGrid, count: Int)], tail: Double
  ) -> ClosedRange<Double>? {
    var (mean, variance) = (0.0, 0.0)
    for part in parts {
      let moments = part.grid.moments
      mean += Double(part.count) * moments.mean
      variance += Double(part.count) * moments.variance
    }
    guard mean.isFinite, variance.isFinite else { return nil }
    let level = -log(tail)
    let scale = (2 * level / max(variance, 1e-30)).squareRoot()
    // The ends of the sum itself are always a bound.
    var low = parts.reduce(0.0) { $0 + Double($1.count) * $1.grid.loss(0) }
    var high = parts.reduce(0.0) {
      $0 + Double($1.count) * $1.grid.loss($1.grid.mass.count - 1)
    }
    for exponent in -16...8 {
      let t = scale * pow(2, Double(exponent) / 2)
      if let sum = cumulant(of: parts, t) { high = min(high, (sum + level) / t) }
      if let sum = cumulant(of: parts, -t) { low = max(low, -(sum + level) / t) }
    }
    return low <= high ? low...high : nil
  }

  private static func cumulant(of parts: [(grid: LossGrid, count: Int)], _ t: Double) -> Double? {
    var sum = 0.0
    for part in parts where part.count > 0 {
      guard let value = part.grid.cumulant(t) else { return nil }
      sum += Double(part.count) * value
    }
    return sum
  }
}

extension ComposedLoss {
  /// E[(1 - e^(epsilon - loss))+] and what is lost without limit; a bound from above.
  func upperDelta(_ epsilon: Double) -> Double {
    min(1, hockeyStick(epsilon) { max(0, $0) } + grid.infinite + tail + rounding)
  }

  /// The same from below, for losses that may be higher by `shift` except with a probability.
  func lowerDelta(_ epsilon: Double, shift: Double, except probability: Double) -> Double {
    max(0, hockeyStick(epsilon + shift) { $0 } - 2 * tail - rounding - probability)
  }

  private func hockeyStick(_ epsilon: Double, _ value: (Double) -> Double) -> Double {
    var sum = 0.0
    let first = max(
      0, Int(min(1e15, max(-1e15, (epsilon / grid.step).rounded(.down)))) - grid.lowest)
    guard first < grid.mass.count else { return 0 }
    for index in stride(from: grid.mass.count - 1, through: first, by: -1) {
      let loss = grid.loss(index)
      guard loss > epsilon else { break }
      sum += value(grid.mass[index]) * -expm1(epsilon - loss)
    }
    return sum
  }
}
