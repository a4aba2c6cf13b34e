#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A distribution of privacy losses on multiples of a step.
struct LossGrid {
  /// The multiple that `mass[0]` is at.
  var lowest: Int
  /// P's masses, from `lowest` up.
  var mass: [Double]
  /// What is lost without limit.
  var infinite: Double
  let step: Double

  /// The loss that a mass is at.
  func loss(_ index: Int) -> Double { Double(lowest + index) * step }
}

extension LossGrid {
  /// The most losses that one use is spread over; a finer grid is made coarser.
  static let mostPoints = 1 << 21

  /// Connects the dots (Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022): between two points of
  /// the grid both P's and Q's masses are kept by splitting them over the two. The hockey-stick
  /// divergence is exact at the points and a chord, never too small, in between. What lies above the
  /// range counts as lost without limit, what lies below as its least loss.
  static func pessimistic(_ pair: LossPair, step: Double) -> LossGrid {
    var grid = LossGrid(covering: pair, step: step)
    let ratio = -expm1(-step)
    for (index, p, q) in grid.intervals(of: pair) {
      guard p > 0 else { continue }
      // P (1 - e^(-(loss - low))), integrated, over its value at the upper point.
      let upper = min(p, max(0, (p - q * exp(grid.loss(index))) / ratio))
      grid.mass[index] += p - upper
      grid.mass[index + 1] += upper
    }
    let last = grid.mass.count - 1
    grid.infinite = pair.masses(from: grid.loss(last), to: .infinity).p
    grid.mass[0] += pair.masses(from: -.infinity, to: grid.loss(0)).p
    return grid
  }

  /// Every interval becomes one outcome, which processes outcomes further and cannot raise the
  /// divergence; its loss is then rounded at random to a point beside it, so that the mean stays.
  /// What lies outside the range counts as its nearest end or is left out.
  static func optimistic(_ pair: LossPair, step: Double) -> LossGrid {
    var grid = LossGrid(covering: pair, step: step)
    for (index, p, q) in grid.intervals(of: pair) {
      guard p > 0 else { continue }
      let low = grid.loss(index)
      let loss = q > 0 ? min(low + step, max(low, log(p / q))) : low
      let share = min(1, max(0, (loss - low) / step))
      grid.mass[index] += p * (1 - share)
      grid.mass[index + 1] += p * share
    }
    let last = grid.mass.count - 1
    grid.mass[last] += pair.masses(from: grid.loss(last), to: .infinity).p
    return grid
  }

  /// The pair that bounds a replacement: above a loss of 0 that of removing a unit of sensitivity 2,
  /// below it the same mirrored, because either data set may be the first.
  ///
  /// For levels a from 1 up, H_a((1-q) M + q M1, (1-q) M + q M2) is at most q H_b(M1, M2') with b = 1 +
  /// (a - 1)/q and M2' the worse of M and M2 (Balle, Barthe and Gaboardi 2018, theorem 2), which is at
  /// most the divergence of the removal with both a distance of 2 apart.
  static func replacement(q: Double, sigma: Double, step: Double) -> LossGrid {
    let removal = pessimistic(LossPair(kind: .remove, q: q, sigma: sigma / 2), step: step)
    let highest = removal.lowest + removal.mass.count - 1
    var grid = LossGrid(
      lowest: -highest, mass: [Double](repeating: 0, count: 2 * highest + 1),
      infinite: removal.infinite, step: step)
    var rest = 1 - removal.infinite
    for place in stride(from: highest, to: 0, by: -1) {
      guard removal.mass.indices.contains(place - removal.lowest) else { continue }
      let mass = removal.mass[place - removal.lowest]
      let mirrored = mass * exp(-Double(place) * step)
      grid.mass[highest + place] = mass
      grid.mass[highest - place] = mirrored
      rest -= mass + mirrored
    }
    grid.mass[highest] = max(0, rest)
    return grid
  }

  private init(covering pair: LossPair, step: Double) {
    let range = pair.range
    lowest = Int((range.lowerBound / step).rounded(.down))
    let highest = max(Int((range.upperBound / step).rounded(.up)), lowest + 1)
    mass = [Double](repeating: 0, count: highest - lowest + 1)
    infinite = 0
    self.step = step
  }

  /// The masses of both distributions between neighbouring points, by the index of the lower one.
  private func intervals(of pair: LossPair) -> [(index: Int, p: Double, q: Double)] {
    (0..<mass.count - 1).map { index in
      let masses = pair.masses(from: loss(index), to: loss(index + 1))
      return (index, masses.p, masses.q)
    }
  }
}

extension LossGrid {
  /// log E[e^(t loss)] of the finite part; nil when it leaves the range of numbers.
  func cumulant(_ t: Double) -> Double? {
    let (first, last) = (loss(0), loss(mass.count - 1))
    guard max(abs(t * first), abs(t * last)) < 600 else { return nil }
    let factor = exp(t * step)
    var power = exp(t * first)
    var sum = 0.0
    for value in mass {
      sum += value * power
      power *= factor
    }
    return sum > 0 ? log(sum) : nil
  }

  /// Mean and variance of the finite part.
  var moments: (mean: Double, variance: Double) {
    var (total, first, second) = (0.0, 0.0, 0.0)
    for (index, value) in mass.enumerated() {
      let loss = loss(index)
      total += value
      first += value * loss
      second += value * loss * loss
    }
    guard total > 0 else { return (0, 0) }
    let mean = first / total
    return (mean, max(0, second / total - mean * mean))
  }
}
