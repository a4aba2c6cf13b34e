import ZorBADiagnostics

/// The versions of the protocol that one side speaks.
package struct ProtocolVersions: Hashable, Sendable {
  /// The oldest.
  package var minimum: UInt32
  /// The newest.
  package var maximum: UInt32

  /// Creates a range; both ends are spoken.
  package init(minimum: UInt32, maximum: UInt32) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// What this software speaks.
  package static let current = ProtocolVersions(minimum: 1, maximum: 3)

  /// The oldest version that knows dense updates, which first-order runs are made of.
  package static let denseUpdates: UInt32 = 2

  /// The oldest version that knows secure aggregation.
  package static let secureAggregation: UInt32 = 3

  /// One of the two sides of a negotiation.
  package enum Side: String, Sendable {
    case site
    case coordinator

    fileprivate var other: Side { self == .site ? .coordinator : .site }
  }

  /// The newest version that both sides speak.
  ///
  /// - Throws: `refused`, with the sentence that says which side to upgrade.
  package static func negotiate(
    ours: ProtocolVersions, theirs: ProtocolVersions, as side: Side
  ) throws -> UInt32 {
    guard theirs.minimum > 0, theirs.minimum <= theirs.maximum else {
      throw ZorBAError(
        .invalidData,
        "the \(side.other.rawValue) claims to speak protocol versions \(theirs.text)",
        at: .init(field: "protocol_minimum"))
    }
    if theirs.maximum < ours.minimum {
      throw mismatch(ours: ours, theirs: theirs, as: side, older: side.other)
    }
    if ours.maximum < theirs.minimum {
      throw mismatch(ours: ours, theirs: theirs, as: side, older: side)
    }
    return min(ours.maximum, theirs.maximum)
  }

  private static func mismatch(
    ours: ProtocolVersions, theirs: ProtocolVersions, as side: Side, older: Side
  ) -> ZorBAError {
    ZorBAError(
      .refused,
      """
      the \(side.rawValue) speaks protocol \(ours.text), the \(side.other.rawValue) \(theirs.text): \
      upgrade the software of the \(older.rawValue)
      """)
  }

  private var text: String { minimum == maximum ? "\(minimum)" : "\(minimum) to \(maximum)" }
}
