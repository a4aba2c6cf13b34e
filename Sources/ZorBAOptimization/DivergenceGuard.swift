package import ZorBADiagnostics

/// Refuses scalars that no healthy run produces, before they reach a commit.
///
/// A direction is rejected when one of its losses is not finite, or when |c| exceeds `multiple` times
/// the running scale of |c|. The scale starts as the median of the first `warmup` magnitudes (none of
/// which is judged by size) and then follows
///
///     scale <- (1 - smoothing) scale + smoothing min(|c|, 3 scale)
///
/// so that one outlier moves it by at most 2 `smoothing`, yet a lasting change of scale is followed.
/// A scale of zero (a loss that does not move) rejects nothing. Observations must come in a fixed
/// order (clients ascending, then directions) for runs to repeat.
public struct DivergenceGuard: Hashable, Sendable {
  /// What a run does about a rejected direction.
  public enum Policy: String, Sendable, CaseIterable, Codable {
    /// End the run with an error that can be resumed from.
    case stop
    /// Leave the answer out of the round.
    case skip
  }

  /// What is to become of one direction's scalar.
  package enum Verdict: Hashable, Sendable {
    case accept
    /// Must not be used; the reason is one clause.
    case reject(reason: String)
  }

  package let policy: Policy
  /// The bound on |c|, in running scales.
  package let multiple: Double
  /// Scalars seen before size is judged.
  package let warmup: Int
  /// The weight of a new magnitude in the running scale.
  package let smoothing: Double
  /// The running scale of |c|; nil during the warm-up.
  package private(set) var scale: Double?
  private var firstMagnitudes: [Double] = []

  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the value that cannot be.
  package init(
    policy: Policy = .stop, multiple: Double = 100, warmup: Int = 20, smoothing: Double = 0.05
  ) throws {
    guard multiple.isFinite, multiple > 3 else {
      throw Self.fault("multiple", "\(multiple) is not a number above 3")
    }
    guard (1...10_000).contains(warmup) else {
      throw Self.fault("warmup", "\(warmup) does not lie between 1 and 10000")
    }
    guard smoothing > 0, smoothing <= 1 else {
      throw Self.fault("smoothing", "\(smoothing) does not lie in (0, 1]")
    }
    self.policy = policy
    self.multiple = multiple
    self.warmup = warmup
    self.smoothing = smoothing
  }

  private static func fault(_ field: String, _ message: String) -> ZorBAError {
    ZorBAError(.invalidConfiguration, message, at: .init(field: field))
  }

  /// Judges one direction and learns from it.
  package mutating func judge(_ losses: TwoSidedEstimator.Losses, scalar: Double) -> Verdict {
    guard losses.plus.isFinite, losses.minus.isFinite else {
      let loss = losses.plus.isFinite ? losses.minus : losses.plus
      return .reject(reason: "the loss is \(loss)")
    }
    return judge(scalar: scalar)
  }

  /// Judges a scalar whose losses were seen elsewhere, and learns from it.
  package mutating func judge(scalar: Double) -> Verdict {
    let magnitude = abs(scalar)
    guard magnitude.isFinite else { return .reject(reason: "the scalar is \(scalar)") }
    guard let scale else {
      firstMagnitudes.append(magnitude)
      if firstMagnitudes.count == warmup { endWarmup() }
      return .accept
    }
    let absurd = scale > 0 && magnitude > multiple * scale
    let learned = scale > 0 ? min(magnitude, 3 * scale) : magnitude
    self.scale = (1 - smoothing) * scale + smoothing * learned
    guard absurd else { return .accept }
    return .reject(
      reason: "the scalar \(scalar) is more than \(multiple) times the usual size \(scale)")
  }

  private mutating func endWarmup() {
    firstMagnitudes.sort()
    scale = firstMagnitudes[firstMagnitudes.count / 2]
    firstMagnitudes = []
  }

  /// The error that ends a run under `Policy.stop`.
  package static func error(round: UInt64, client: UInt32, reason: String) -> ZorBAError {
    ZorBAError(
      .diverged, "round \(round), client \(client): \(reason)",
      advice: "Resume with a lower learning rate or a larger perturbation scale mu, or set the "
        + "divergence policy to skip.")
  }
}
