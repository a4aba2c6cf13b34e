/// Who keeps an audit log, and can prove it: an identity enrolled in the federation.
package protocol LogKeeper: Sendable {
  /// The URI of its certificate.
  var principal: String { get }
  /// The chain, DER, its own certificate first.
  var certificates: [[UInt8]] { get }
  /// Signs with the key of that certificate.
  func sign(_ statement: [UInt8]) throws -> [UInt8]
}

/// How a log begins: its key, and whose it is.
package struct LogHead: Sendable, Equatable {
  /// Ed25519, 32 bytes.
  package var key: [UInt8]
  /// The URI of the keeper; nil for a log that nobody enrolled keeps, such as a simulation's.
  package var keeper: String?
  /// The keeper's chain, DER.
  package var certificates: [[UInt8]] = []
  /// The keeper's signature over `statement`.
  package var certification: [UInt8] = []

  /// What the keeper signs: that records under this key are its own.
  package static func statement(key: [UInt8], keeper: String) -> [UInt8] {
    Array("ZorBA audit log key v1\n\(keeper)\n\(Hexadecimal.text(key))\n".utf8)
  }

  package var statement: [UInt8] { Self.statement(key: key, keeper: keeper ?? "") }
}
