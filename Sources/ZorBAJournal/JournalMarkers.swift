import ZorBADiagnostics
package import ZorBAJSON

/// Where a run left the history it shares with another journal: what follows has a new configuration.
package struct BranchMarker: Sendable, Equatable {
  /// The last round of the shared history.
  package let round: UInt64
  /// The configuration from here on.
  package let configuration: JSONValue

  package init(round: UInt64, configuration: JSONValue) {
    self.round = round
    self.configuration = configuration
  }

  /// round varint; JSON text.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: round)
    bytes.append(contentsOf: configuration.serialized.utf8)
    return bytes
  }

  init(encoded: [UInt8]) throws {
    var reader = ByteReader(encoded)
    round = try reader.varint("the round")
    configuration = try JSONParser.parse(reader.rest(), code: .invalidJournal)
  }

  /// Values parsed from text remember lines, so configurations are compared as text.
  package static func == (left: BranchMarker, right: BranchMarker) -> Bool {
    left.encoded == right.encoded
  }
}

/// The end of a run: nothing but a branch may go on from here.
package struct EndMarker: Sendable, Hashable {
  /// The last committed round.
  package let round: UInt64
  /// Why it ended, for people; at most 4096 bytes are kept.
  package let reason: String

  private static let maximumReasonByteCount = 4096

  package init(round: UInt64, reason: String) {
    self.round = round
    var kept = reason
    while kept.utf8.count > Self.maximumReasonByteCount { kept.removeLast() }
    self.reason = kept
  }

  /// round varint; UTF-8 text.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(varint: round)
    bytes.append(contentsOf: reason.utf8)
    return bytes
  }

  init(encoded: [UInt8]) throws {
    var reader = ByteReader(encoded)
    round = try reader.varint("the round")
    guard reader.remaining <= Self.maximumReasonByteCount else {
      throw ByteReader.fault("the reason is longer than \(Self.maximumReasonByteCount) bytes")
    }
    reason = try ByteReader.text(reader.rest(), "the reason")
  }
}
