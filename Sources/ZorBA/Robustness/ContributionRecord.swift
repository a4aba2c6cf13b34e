#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is kept of one site from round to round.
struct ContributionRecord: Hashable, Sendable {
  /// Of figures: half the weight lies on the last 34 rounds.
  static let slow = 0.02
  /// Of alarms about sizes: half the weight lies on the last 7 rounds.
  static let fast = 0.1
  /// Alarms about sizes: ten times as large, or a hundredth.
  static let largeRatio = 10.0
  static let smallRatio = 0.01

  private(set) var asked = 0
  private(set) var answered = 0
  private(set) var refused = 0
  private var detector = AgreementDetector()
  /// Exponentially weighted sums for the cosine: products, squares of the others' mean, weights.
  private var products = 0.0
  private var squares = 0.0
  private var directions = 0.0
  /// Exponentially weighted mean of the logarithm of the norm's ratio, for figures and for alarms.
  private var logRatio = 0.0
  private var logRatioWeight = 0.0
  private var fastLogRatio = 0.0
  private var fastRefused = 0.0
  private var changes = 0.0
  private var sizes = 0.0
  /// Alarms that were raised and whose reason has not gone away.
  private var raised: Set<ContributionAlarm.Kind> = []

  /// A round of the site's.
  struct Observation {
    /// The others' directions: their scalars at norm 1, averaged; nil when there are none.
    var others: [Double]?
    /// The site's own, at norm 1; nil when all its scalars are 0.
    var own: [Double]?
    /// |c_k| over the median of the others; nil when that is 0 or there are none.
    var normRatio: Double?
    /// |C - C without the site|^2 and |C|^2.
    var change: (moved: Double, size: Double)?
  }

  mutating func ask() { asked += 1 }

  /// The guard refused its answer.
  mutating func refuse() -> [ContributionAlarm.Kind] {
    answered += 1
    refused += 1
    fastRefused += Self.fast * (1 - fastRefused)
    return raise(.refused, when: fastRefused > 0.5, until: fastRefused < 0.25)
  }

  mutating func answer(_ observation: Observation) -> [ContributionAlarm.Kind] {
    answered += 1
    fastRefused -= Self.fast * fastRefused
    var alarms = raise(.refused, when: false, until: fastRefused < 0.25)
    if let others = observation.others, let own = observation.own {
      let product = zip(own, others).reduce(0) { $0 + $1.0 * $1.1 }
      products += product - Self.slow * products
      squares += others.reduce(0) { $0 + $1 * $1 } - Self.slow * squares
      directions += 1 - Self.slow * directions
      // A cosine of n independent numbers has the variance 1/n.
      if detector.observe(product * Double(own.count).squareRoot()) { alarms.append(.disagreement) }
    }
    if let ratio = observation.normRatio {
      let logarithm = log(min(max(ratio, 1e-4), 1e4))
      logRatio += Self.slow * (logarithm - logRatio)
      logRatioWeight += Self.slow * (1 - logRatioWeight)
      fastLogRatio += Self.fast * (logarithm - fastLogRatio)
      let (large, small) = (log(Self.largeRatio), log(Self.smallRatio))
      alarms += raise(.large, when: fastLogRatio > large, until: fastLogRatio < large / 2)
      alarms += raise(.small, when: fastLogRatio < small, until: fastLogRatio > small / 2)
    }
    if let change = observation.change {
      changes += change.moved - Self.slow * changes
      sizes += change.size - Self.slow * sizes
    }
    return alarms
  }

  /// An alarm is raised once, until its reason has gone away.
  private mutating func raise(
    _ kind: ContributionAlarm.Kind, when isOut: Bool, until isBack: Bool
  ) -> [ContributionAlarm.Kind] {
    if isBack { raised.remove(kind) }
    guard isOut, raised.insert(kind).inserted else { return [] }
    return [kind]
  }

  var agreement: Double? {
    squares > 0 ? products / (squares * directions).squareRoot() : nil
  }

  var normRatio: Double? { logRatioWeight > 0 ? exp(logRatio / logRatioWeight) : nil }

  var influence: Double? { sizes > 0 ? (changes / sizes).squareRoot() : nil }
}
