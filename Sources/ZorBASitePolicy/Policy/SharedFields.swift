/// Which fields that the method does not need leave the site.
///
/// A field that is not shared is sent as 0, which the wire leaves out.
package struct SharedFields: Sendable, Equatable {
  /// How exactly the number of examples is told; a coordinator weighs the site by it.
  package enum ExampleCount: Sendable, Equatable, CustomStringConvertible {
    case exact
    /// To the nearest multiple; a site with any example tells at least one multiple.
    case rounded(to: Int)

    package var description: String {
      switch self {
      case .exact: "exact"
      case .rounded(let multiple): "rounded_to_\(multiple)"
      }
    }

    static let largestMultiple = 1_000_000

    init?(_ text: String) {
      if text == "exact" {
        self = .exact
        return
      }
      let prefix = "rounded_to_"
      guard text.hasPrefix(prefix), let multiple = Int(text.dropFirst(prefix.count)),
        (2...Self.largestMultiple).contains(multiple)
      else { return nil }
      self = .rounded(to: multiple)
    }
  }

  /// Mean losses of rounds; those of evaluations belong to the evaluation.
  package var losses: Bool
  /// Seconds of arithmetic.
  package var timings: Bool
  /// Peak memory.
  package var peakMemory: Bool
  package var exampleCount: ExampleCount

  /// Whether the site's costs, which are times and memory, may be told.
  package var sharesCosts: Bool { timings && peakMemory }

  package func loss(_ loss: Float) -> Float { losses ? loss : 0 }
  package func loss(_ loss: Double) -> Double { losses ? loss : 0 }
  package func seconds(_ seconds: Float) -> Float { timings ? seconds : 0 }
  package func peakMemoryMiB(_ mebibytes: Int) -> Int { peakMemory ? mebibytes : 0 }

  /// The number of examples as it may be told; never below 0.
  package func examples(_ count: Int) -> Int {
    guard count > 0 else { return 0 }
    guard case .rounded(let multiple) = exampleCount, multiple > 1 else { return count }
    let remainder = count % multiple
    let below = count - remainder
    guard below == 0 || remainder >= multiple - remainder else { return below }
    let (above, overflow) = below.addingReportingOverflow(multiple)
    return overflow ? below : above
  }
}
