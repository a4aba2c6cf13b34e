#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Two distributions between which an attacker of a subsampled Gaussian must tell, on the real line.
///
/// The loss log(P/Q) is monotone in the outcome, so that the mass of any interval of losses is a
/// difference of normal distribution functions.
struct LossPair: Hashable {
  enum Kind: Hashable {
    /// P = (1-q) N(0) + q N(1), Q = N(0): the unit is there, or not (Zhu, Dong and Wang 2022: together
    /// with `add` it dominates).
    case remove
    /// P = N(0), Q = (1-q) N(0) + q N(1).
    case add
    /// P = (1-q) N(0) + q N(1), Q = (1-q) N(0) + q N(-1): one unit and its opposite. It is what a
    /// replacement can come to, and bounds it from below.
    case opposite
  }

  let kind: Kind
  let q: Double
  let sigma: Double

  /// What P and Q give to the losses above `low` up to `high`.
  func masses(from low: Double, to high: Double) -> (p: Double, q: Double) {
    switch kind {
    case .remove:
      let (from, to) = (removalOutcome(low), removalOutcome(high))
      return (mixture(from, to, around: 1), plain(from, to))
    case .add:
      let (from, to) = (removalOutcome(-high), removalOutcome(-low))
      return (plain(from, to), mixture(from, to, around: 1))
    case .opposite:
      let (from, to) = (oppositeOutcome(low), oppositeOutcome(high))
      return (mixture(from, to, around: 1), mixture(from, to, around: -1))
    }
  }

  /// The losses between which all but a mass of 10^-22 of P lies.
  var range: ClosedRange<Double> {
    let reach = 10 * sigma
    switch kind {
    case .remove: return removalLoss(-reach)...removalLoss(1 + reach)
    case .add: return -removalLoss(reach)...(-removalLoss(-reach))
    case .opposite: return oppositeLoss(-reach)...oppositeLoss(1 + reach)
    }
  }

  /// The mass of P outside `range`, at most, on each side.
  static let rangeTail = 1e-22

  /// The standard deviation of the loss under P, near enough to choose a grid by.
  var standardDeviation: Double {
    let points = 2000
    let (from, to) = (-10 * sigma - 1, 10 * sigma + 1)
    let step = (to - from) / Double(points)
    var (mass, first, second) = (0.0, 0.0, 0.0)
    for index in 0...points {
      let x = from + Double(index) * step
      let weight: Double
      let loss: Double
      switch kind {
      case .remove: (weight, loss) = (density(x, mixed: true), removalLoss(x))
      case .add: (weight, loss) = (density(x, mixed: false), -removalLoss(x))
      case .opposite: (weight, loss) = (density(x, mixed: true), oppositeLoss(x))
      }
      mass += weight
      first += weight * loss
      second += weight * loss * loss
    }
    let mean = first / mass
    return max(0, second / mass - mean * mean).squareRoot()
  }

  private func density(_ x: Double, mixed: Bool) -> Double {
    let base = exp(-x * x / (2 * sigma * sigma))
    let shifted = exp(-(x - 1) * (x - 1) / (2 * sigma * sigma))
    return mixed ? (1 - q) * base + q * shifted : base
  }

  private func plain(_ low: Double, _ high: Double) -> Double {
    NormalDistribution.between(low / sigma, high / sigma)
  }

  private func mixture(_ low: Double, _ high: Double, around mean: Double) -> Double {
    let shifted = NormalDistribution.between((low - mean) / sigma, (high - mean) / sigma)
    return q == 1 ? shifted : (1 - q) * plain(low, high) + q * shifted
  }

  /// log(1 - q + q exp((2x - 1) / 2 sigma^2)).
  private func removalLoss(_ x: Double) -> Double {
    let exponent = (2 * x - 1) / (2 * sigma * sigma)
    if q == 1 { return exponent }
    return exponent > 30
      ? exponent + log(q) + log1p((1 - q) / q * exp(-exponent)) : log1p(q * expm1(exponent))
  }

  /// The outcome of a removal with this loss; minus infinity below the least loss.
  private func removalOutcome(_ loss: Double) -> Double {
    if q == 1 { return 0.5 + sigma * sigma * loss }
    if loss > 30 { return 0.5 + sigma * sigma * (loss - log(q) + log1p(-(1 - q) * exp(-loss))) }
    let ratio = expm1(loss) / q
    return ratio > -1 ? 0.5 + sigma * sigma * log1p(ratio) : -.infinity
  }

  private func oppositeLoss(_ x: Double) -> Double { removalLoss(x) - removalLoss(-x) }

  /// The root of q k w^2 + (1-q)(1 - e^loss) w - q k e^loss, w = exp(x / sigma^2), k = exp(-1/2
  /// sigma^2).
  private func oppositeOutcome(_ loss: Double) -> Double {
    if q == 1 { return sigma * sigma * loss / 2 }
    // The loss is odd in the outcome; roots for losses from 0 up cancel nothing.
    if loss < 0 { return -oppositeOutcome(-loss) }
    // Divided by e^(loss/2) and with v = w e^(-loss/2): q k v^2 - 2 b v - q k = 0.
    let b = (1 - q) * sinh(min(loss, 1400) / 2)
    let k = q * exp(-1 / (2 * sigma * sigma))
    guard k > 0, b.isFinite else { return .infinity }
    let v = b / k + (1 + b / k * (b / k)).squareRoot()
    return sigma * sigma * (log(v) + loss / 2)
  }
}
