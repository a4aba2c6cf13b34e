import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The learning rate of every round of a run.
///
/// With W warm-up rounds and T rounds in all, round t = 1 ... T has
///
///     t <= W   peak * t / (W + 1)
///     t > W    peak * s(x),  x = (t - W - 1) / (T - W),  s = 1 | 1 - x | (1 + cos(pi x)) / 2
///
/// so no round is wasted on a rate of zero. Rounds after T keep the rate of round T. The rate enters
/// journaled coefficients and is never recomputed by others, hence may use the math library.
public struct LearningRateSchedule: Hashable, Sendable {
  /// What happens after the warm-up.
  public enum Shape: String, Sendable, CaseIterable, Codable {
    case constant, linear, cosine
  }

  package let shape: Shape
  package let peak: Double
  package let rounds: UInt64
  package let warmupRounds: UInt64

  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the value that cannot be.
  package init(
    shape: Shape = .constant, peak: Double, rounds: UInt64, warmupRounds: UInt64 = 0
  ) throws {
    guard peak.isFinite, peak > 0 else {
      throw Self.fault("learning_rate", "\(peak) is not a positive number")
    }
    guard rounds > 0 else { throw Self.fault("rounds", "0 rounds leave nothing to do") }
    guard warmupRounds < rounds else {
      throw Self.fault(
        "warmup_rounds", "\(warmupRounds) warm-up rounds do not fit into \(rounds) rounds")
    }
    self.shape = shape
    self.peak = peak
    self.rounds = rounds
    self.warmupRounds = warmupRounds
  }

  private static func fault(_ field: String, _ message: String) -> ZorBAError {
    ZorBAError(.invalidConfiguration, message, at: .init(field: field))
  }

  /// eta_t of a round, counted from 1.
  package func learningRate(round: UInt64) -> Double {
    let round = min(max(round, 1), rounds)
    if round <= warmupRounds { return peak * Double(round) / Double(warmupRounds + 1) }
    let progress = Double(round - warmupRounds - 1) / Double(rounds - warmupRounds)
    switch shape {
    case .constant: return peak
    case .linear: return peak * (1 - progress)
    case .cosine: return peak * (1 + cos(.pi * progress)) / 2
    }
  }
}
