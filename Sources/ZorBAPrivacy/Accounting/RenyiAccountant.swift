#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Rényi differential privacy of Poisson-subsampled Gaussians, at integer and fractional orders.
///
/// Orders compose by addition. Mironov, Talwar and Zhang (2019) give the divergence, Canonne, Kamath and
/// Steinke (2020, proposition 12) the conversion to (epsilon, delta). At integer orders the bound holds
/// for discrete Gaussian noise as it stands.
package enum RenyiAccountant {
  /// The orders that are tried.
  package static let orders: [Double] =
    (1..<100).map { 1 + Double($0) / 10 } + (11..<64).map(Double.init) + [128, 256, 512, 1024]

  /// The smallest epsilon over all orders; infinite when no order has a finite divergence.
  ///
  /// - Parameter delta: Above 0, below 1.
  package static func epsilon(
    of events: [PrivacyEvent], adjacency: Adjacency = .addRemove, delta: Double
  ) -> Double {
    orders.reduce(.infinity) { best, order in
      let divergence = events.reduce(0) {
        $1.count == 0
          ? $0
          : $0 + Double($1.count)
            * Self.divergence(of: $1.mechanism, order: order, adjacency: adjacency)
      }
      return min(best, converted(divergence, order: order, delta: delta))
    }
  }

  /// The Rényi divergence of one use, at an order above 1.
  ///
  /// Under replacement both neighbours have a unit of their own in the same place. Then the hockey-stick
  /// divergence at every level from 1 up is at most that of removing a unit of sensitivity 2, in both
  /// directions, so that exp((a - 1) D) - 1 is at most twice that of the removal.
  package static func divergence(
    of mechanism: SubsampledGaussian, order: Double, adjacency: Adjacency
  ) -> Double {
    switch adjacency {
    case .addRemove:
      return max(
        0,
        logMoment(q: mechanism.samplingRate, sigma: mechanism.noiseMultiplier, order: order)
          / (order - 1))
    case .replace:
      let sigma = mechanism.noiseMultiplier / 2
      let moment = logMoment(q: mechanism.samplingRate, sigma: sigma, order: order)
      if mechanism.samplingRate == 1 { return max(0, moment / (order - 1)) }
      // log(1 + 2 (e^m - 1))
      let doubled = moment > 30 ? moment + log(2) : log1p(2 * expm1(max(0, moment)))
      return doubled / (order - 1)
    }
  }

  /// epsilon from a divergence.
  private static func converted(_ divergence: Double, order: Double, delta: Double) -> Double {
    if delta * delta + expm1(-divergence) > 0 { return 0 }
    return max(0, divergence + log1p(-1 / order) - log(delta * order) / (order - 1))
  }

  /// log E_Q[(P/Q)^order].
  private static func logMoment(q: Double, sigma: Double, order: Double) -> Double {
    if q == 1 { return order * (order - 1) / (2 * sigma * sigma) }
    return order == order.rounded()
      ? integerMoment(q: q, sigma: sigma, order: Int(order))
      : fractionalMoment(q: q, sigma: sigma, order: order)
  }

  private static func integerMoment(q: Double, sigma: Double, order: Int) -> Double {
    var terms: [Double] = []
    var binomial = 0.0
    for k in 0...order {
      if k > 0 { binomial += log(Double(order - k + 1)) - log(Double(k)) }
      let square = Double(k) * Double(k - 1)
      terms.append(
        binomial + Double(k) * log(q) + Double(order - k) * log1p(-q)
          + square / (2 * sigma * sigma))
    }
    return logSum(terms)
  }

  /// The two series of Mironov et al., section 3.3.
  ///
  /// Their terms alternate in the end and fall like a power of their number, so what is cut off is less
  /// than the last term; that is added.
  private static func fractionalMoment(q: Double, sigma: Double, order: Double) -> Double {
    let middle = sigma * sigma * log(1 / q - 1) + 0.5
    let root = 2.0.squareRoot() * sigma
    var positive: [Double] = []
    var negative: [Double] = []
    var logBinomial = 0.0
    var isNegative = false
    var last: [Double] = []
    for i in 0..<1000 {
      let low = Double(i)
      let high = order - low
      func term(_ power: Double, _ tail: Double) -> Double {
        logBinomial + power * log(q) + (order - power) * log1p(-q)
          + (power * power - power) / (2 * sigma * sigma) - log(2)
          + NormalDistribution.logErfc(tail)
      }
      let first = term(low, (low - middle) / root)
      let second = term(high, (middle - high) / root)
      if isNegative {
        negative += [first, second]
      } else {
        positive += [first, second]
      }
      last = [first, second]
      if max(first, second) < -40, low > order { break }
      let factor = (order - low) / (low + 1)
      if factor < 0 { isNegative.toggle() }
      logBinomial += log(abs(factor))
    }
    let plus = logSum(positive + last)
    let minus = logSum(negative)
    return minus == -.infinity ? plus : plus + log1p(-exp(minus - plus))
  }

  private static func logSum(_ terms: [Double]) -> Double {
    let largest = terms.max() ?? -.infinity
    guard largest > -.infinity, largest < .infinity else { return largest }
    return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
  }
}
