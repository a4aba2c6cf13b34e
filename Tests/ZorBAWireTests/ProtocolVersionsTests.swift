import Testing
import ZorBADiagnostics
import ZorBAWire

@Suite struct ProtocolVersionsTests {
  /// Every pair of ranges up to 5: the newest common version, or a sentence that names the side
  /// whose newest is older than the other's oldest.
  @Test(arguments: [ProtocolVersions.Side.site, .coordinator])
  func negotiatesEveryPair(side: ProtocolVersions.Side) throws {
    for ours in ranges {
      for theirs in ranges {
        let common = Set(ours.minimum...ours.maximum)
          .intersection(theirs.minimum...theirs.maximum)
        if let newest = common.max() {
          #expect(
            try ProtocolVersions.negotiate(ours: ours, theirs: theirs, as: side) == newest)
        } else {
          let other = side == .site ? "coordinator" : "site"
          let older = ours.maximum < theirs.minimum ? side.rawValue : other
          let error = #expect(throws: ZorBAError.self) {
            try ProtocolVersions.negotiate(ours: ours, theirs: theirs, as: side)
          }
          #expect(error?.message.contains("upgrade the software of the \(older)") == true)
        }
      }
    }
  }

  @Test func rejectsEmptyRanges() {
    for (minimum, maximum) in [(0, 0), (0, 3), (4, 2)] as [(UInt32, UInt32)] {
      let error = #expect(throws: ZorBAError.self) {
        try ProtocolVersions.negotiate(
          ours: .current, theirs: .init(minimum: minimum, maximum: maximum), as: .coordinator)
      }
      #expect(error?.code == .invalidData)
    }
  }

  private var ranges: [ProtocolVersions] {
    (1...5).flatMap { minimum in
      (minimum...5).map { ProtocolVersions(minimum: minimum, maximum: $0) }
    }
  }
}
