#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A figure that lies between two others.
package struct PrivacyBounds: Hashable, Sendable {
  /// Certainly not above the truth.
  package var lower: Double
  /// Certainly not below the truth: the figure to promise.
  package var upper: Double

  package init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }
}

/// The privacy of many uses of Poisson-subsampled Gaussians, from the distribution of their loss.
///
/// One use is put onto a grid twice: never too small (connect the dots) and never too large (merged
/// outcomes, rounded so that the mean stays). Both are composed exactly, by the Fourier transform. The
/// rounding of the second adds up to less than step sqrt(n/2 log(1/c)) except with probability c, by
/// Hoeffding's inequality, and both are taken off.
package struct PrivacyLossAccountant: Sendable {
  /// How fine the grid is.
  package struct Resolution: Sendable, Hashable {
    /// What the grid may add to the variance of the loss, as a share.
    package var excess: Double
    /// The longest window, a power of two.
    package var mostPoints: Int

    package init(excess: Double, mostPoints: Int) {
      self.excess = excess
      self.mostPoints = mostPoints
    }

    /// For figures that are shown.
    package static let fine = Resolution(excess: 1e-6, mostPoints: 1 << 20)
    /// For searches; still a bound.
    package static let coarse = Resolution(excess: 4e-5, mostPoints: 1 << 18)
  }

  package let adjacency: Adjacency
  package let resolution: Resolution

  package init(adjacency: Adjacency = .addRemove, resolution: Resolution = .fine) {
    self.adjacency = adjacency
    self.resolution = resolution
  }

  /// The least epsilon for a delta above 0 and below 1; the upper bound is infinite when no window
  /// holds the loss.
  package func epsilon(of events: [PrivacyEvent], delta: Double) -> PrivacyBounds {
    let upper = upperEpsilon(of: events, delta: delta)
    let events = used(events)
    guard !events.isEmpty, delta > 0, delta < 1, upper > 0, upper.isFinite else {
      return PrivacyBounds(lower: 0, upper: upper)
    }
    let chance = delta / 1000
    let lower = composed(events, kinds: lowerKinds, optimistic: true, delta: delta).map {
      composed -> Double in
      guard let composed else { return 0 }
      let shift = hoeffding(events, step: composed.grid.step, chance: chance)
      return Self.greatest(upTo: upper) {
        composed.lowerDelta($0, shift: shift, except: chance) > delta
      }
    }
    return PrivacyBounds(lower: lower.max() ?? 0, upper: upper)
  }

  /// The upper bound alone, at half the work.
  package func upperEpsilon(of events: [PrivacyEvent], delta: Double) -> Double {
    let events = used(events)
    guard !events.isEmpty else { return 0 }
    guard delta > 0, delta < 1 else { return delta >= 1 ? 0 : .infinity }
    let candidates = composed(events, kinds: upperKinds, optimistic: false, delta: delta).map {
      composed -> Double in
      guard let composed, composed.upperDelta(Self.largestEpsilon) <= delta else {
        return .infinity
      }
      return Self.least(upTo: Self.largestEpsilon) { composed.upperDelta($0) <= delta }
    }
    return candidates.max() ?? .infinity
  }

  /// The delta at an epsilon from 0 up.
  package func delta(of events: [PrivacyEvent], epsilon: Double) -> PrivacyBounds {
    let events = used(events)
    guard !events.isEmpty else { return PrivacyBounds(lower: 0, upper: 0) }
    let aim = 1e-10
    let upper =
      composed(events, kinds: upperKinds, optimistic: false, delta: aim)
      .map { $0?.upperDelta(epsilon) ?? 1 }.max() ?? 1
    let chance = 1e-12
    let lower = composed(events, kinds: lowerKinds, optimistic: true, delta: aim).map { composed in
      composed.map {
        $0.lowerDelta(
          epsilon, shift: hoeffding(events, step: $0.grid.step, chance: chance), except: chance)
      } ?? 0
    }
    return PrivacyBounds(lower: lower.max() ?? 0, upper: upper)
  }

  /// Beyond it, nothing is promised at all.
  package static let largestEpsilon = 10_000.0

  private func used(_ events: [PrivacyEvent]) -> [PrivacyEvent] { events.filter { $0.count > 0 } }

  private func hoeffding(_ events: [PrivacyEvent], step: Double, chance: Double) -> Double {
    let uses = events.reduce(0.0) { $0 + Double($1.count) }
    return step * (uses / 2 * log(1 / chance)).squareRoot()
  }

  private static func least(upTo limit: Double, _ holds: (Double) -> Bool) -> Double {
    if holds(0) { return 0 }
    var (low, high) = (0.0, 1.0)
    while high < limit, !holds(high) { (low, high) = (high, min(limit, high * 2)) }
    while high - low > 1e-9 * high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle }
    }
    return high
  }

  private static func greatest(upTo limit: Double, _ holds: (Double) -> Bool) -> Double {
    guard holds(0) else { return 0 }
    var (low, high) = (0.0, limit)
    while high - low > 1e-9 * max(high, 1e-3) {
      let middle = (low + high) / 2
      if holds(middle) { low = middle } else { high = middle }
    }
    return low
  }
}

extension PrivacyLossAccountant {
  /// What is composed: a pair of the attacker's, or the bound of a replacement.
  private enum Source {
    case pair(LossPair.Kind)
    case replacement
  }

  private var upperKinds: [Source] {
    adjacency == .addRemove ? [.pair(.remove), .pair(.add)] : [.replacement]
  }

  private var lowerKinds: [Source] {
    adjacency == .addRemove ? [.pair(.remove), .pair(.add)] : [.pair(.opposite)]
  }

  /// One composition for each source; nil where no window was long enough.
  private func composed(
    _ events: [PrivacyEvent], kinds: [Source], optimistic: Bool, delta: Double
  ) -> [ComposedLoss?] {
    kinds.map { source in
      var step = step(for: events, source)
      let tail = min(1e-12, delta * 1e-5)
      for _ in 0..<24 where step.isFinite && step > 0 {
        if let composed = ComposedLoss(
          events.map { (grid($0.mechanism, source, optimistic: optimistic, step: step), $0.count) },
          tail: tail, mostPoints: resolution.mostPoints)
        {
          return composed
        }
        step *= 2
      }
      return nil
    }
  }

  private func grid(
    _ mechanism: SubsampledGaussian, _ source: Source, optimistic: Bool, step: Double
  ) -> LossGrid {
    let (q, sigma) = (mechanism.samplingRate, mechanism.noiseMultiplier)
    switch source {
    case .replacement: return .replacement(q: q, sigma: sigma, step: step)
    case .pair(let kind):
      let pair = LossPair(kind: kind, q: q, sigma: sigma)
      return optimistic
        ? .optimistic(pair, step: step) : .pessimistic(pair, step: step)
    }
  }

  /// A step that adds no more than a share to the variance, and spreads no use over too many points.
  private func step(for events: [PrivacyEvent], _ source: Source) -> Double {
    var (variance, uses, width) = (0.0, 0.0, 0.0)
    for event in events {
      let (q, sigma) = (event.mechanism.samplingRate, event.mechanism.noiseMultiplier)
      let pair: LossPair
      switch source {
      case .replacement: pair = LossPair(kind: .remove, q: q, sigma: sigma / 2)
      case .pair(let kind): pair = LossPair(kind: kind, q: q, sigma: sigma)
      }
      let deviation = pair.standardDeviation
      variance += Double(event.count) * deviation * deviation
      uses += Double(event.count)
      width = max(width, pair.range.upperBound - pair.range.lowerBound)
    }
    return max(
      2 * (resolution.excess * variance / uses).squareRoot(),
      4 * width / Double(resolution.mostPoints))
  }
}
