#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Prints what was measured when the environment variable ZORBA_THEORY_REPORT is set: the figures of
/// docs/planning-theory.md.
func report(_ line: @autoclosure () -> String) {
  guard ProcessInfo.processInfo.environment["ZORBA_THEORY_REPORT"] != nil else { return }
  print(line())
}

/// Three decimals.
func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
