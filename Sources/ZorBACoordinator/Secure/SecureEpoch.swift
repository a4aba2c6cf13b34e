import ZorBA
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Numbers the stretches of a run with secure aggregation in which no attempt comes twice.
///
/// A coordinator that was killed in the middle of an attempt, or went back to an earlier round, asks for
/// the same rounds and attempts again; sites take part in none of them twice, so it asks in another
/// stretch. The number follows the clock and never falls below the one before, so that a run folder
/// that was put back from a copy is in a later stretch too.
struct SecureEpoch {
  /// The stretch after another one.
  static func next(after stored: UInt64?, now: UInt64) -> UInt64 {
    max(now, stored.map { $0 &+ 1 } ?? 1)
  }

  /// Begins a stretch, durably.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  static func begin(in folder: RunFolder) throws -> UInt64 {
    let path = "\(folder.path)/secure-epoch"
    let stored = FileManager.default.contents(atPath: path).flatMap {
      UInt64(String(decoding: $0, as: UTF8.self).prefix { $0.isNumber })
    }
    let epoch = next(
      after: stored, now: UInt64(max(0, Date().timeIntervalSince1970)))
    try RunFolder.write("\(epoch)\n", to: path)
    return epoch
  }
}
