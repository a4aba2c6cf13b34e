/// Whether sites' answers are added up under masks, so that the coordinator learns sums and nothing
/// else.
public struct SecureAggregationConfiguration: Sendable, Equatable {
  /// When answers are masked.
  public enum Mode: String, Sendable, CaseIterable {
    /// Over a network: where the run allows it and its plan needs no change for it. Never in a
    /// simulation, where all answers lie in one process anyway.
    case auto
    /// Always; a run that does not allow it is refused.
    case on
    /// Never.
    case off
  }

  /// When answers are masked.
  public var mode = Mode.auto
  /// Sites that must train the same blocks and answer, so that a sum is told: n_min.
  public var minimumGroup = Self.smallestGroup
  /// Scalars beyond this are sent as this.
  public var clip = 1e5
  /// The share of sites that may tell the coordinator all they know without it learning more.
  public var adversaryShare = 1.0 / 3
  /// The share of sites that may fall silent in a round without its sums being lost.
  public var dropoutShare = 0.2

  /// The fewest sites of which a sum tells less than an answer does: with two, either knows the
  /// other's.
  public static let smallestGroup = 3
  /// The largest clip that leaves room for sums of many sites.
  public static let largestClip = 1e6

  /// Where the run allows it, in groups of at least three.
  public init() {}

  /// Sites that must be asked, so that `minimumGroup` of them are left when as many fall silent as may:
  /// the least n with n - floor(dropout_share n) >= minimum_group.
  public var groupToAsk: Int {
    let share = dropoutShare >= 0 ? min(dropoutShare, 0.49) : 0
    var count = minimumGroup
    while count - Int((share * Double(count) + 1e-9).rounded(.down)) < minimumGroup {
      count += 1
    }
    return count
  }

  /// Whether answers are masked. Whoever runs a federation over a network turns `auto` into one of
  /// the other two first.
  public var isOn: Bool { mode == .on }
}
