/// How the coordinator combines the answers to a round.
///
/// Every rule but the mean limits what a site can do that sends false scalars; what each promises is
/// in docs/robustness.md.
public struct AggregationConfiguration: Sendable, Equatable {
  /// The rules.
  public enum Rule: String, Sendable, CaseIterable {
    /// The weighted mean.
    case mean
    /// The weighted median of every scalar.
    case median
    /// The weighted mean of every scalar without the ends.
    case trimmedMean = "trimmed_mean"
    /// The weighted mean of answers that are cut down to a norm first.
    case normClipped = "norm_clipped"
  }

  /// The norm that answers are cut down to.
  public enum Clip: Sendable, Equatable {
    /// Three times the usual norm of the last rounds.
    case auto
    /// This norm.
    case norm(Double)
  }

  /// Which rule.
  public var rule = Rule.mean
  /// The share of the weight that a trimmed mean leaves out at either end, above 0 and below 1/2.
  public var trim = 0.2
  /// The bound of a norm-clipped mean.
  public var clip = Clip.auto

  /// The mean.
  public init() {}
}
