import ZorBADiagnostics

/// Who somebody is within a federation, as every certificate, log line and policy names them.
///
/// Its one spelling is a URI: `zorba://FEDERATION/site/NAME`, `zorba://FEDERATION/operator/NAME` or
/// `zorba://FEDERATION/coordinator`. Invariant: both names follow `Principal.check`.
package struct Principal: Hashable, Sendable {
  /// What a principal may do.
  package enum Role: String, Hashable, Sendable, CaseIterable {
    /// The one that asks sites and keeps the journal.
    case coordinator
    /// One that holds data.
    case site
    /// A person who starts, watches and ends runs.
    case `operator`
  }

  package let federation: String
  package let role: Role
  /// The name within federation and role; the coordinator's is `coordinator`.
  package let name: String

  static let scheme = "zorba://"

  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the part that is no name.
  package init(federation: String, role: Role, name: String) throws {
    try Self.check(federation, as: "federation")
    if role == .coordinator {
      guard name == Role.coordinator.rawValue else {
        throw ZorBAError(
          .invalidConfiguration,
          "a federation has one coordinator, whose name is 'coordinator', not '\(name.excerpt())'")
      }
    } else {
      try Self.check(name, as: role.rawValue)
    }
    self.federation = federation
    self.role = role
    self.name = name
  }

  /// The coordinator of a federation.
  package static func coordinator(of federation: String) throws -> Principal {
    try Principal(federation: federation, role: .coordinator, name: Role.coordinator.rawValue)
  }

  /// Checks a name: 1 to 63 of `a-z 0-9 . _ -`, the first a letter or digit.
  ///
  /// So it needs no escaping in a URI, a file name, a shell or a log line.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` quoting the name.
  package static func check(_ name: String, as kind: String) throws {
    guard !isName(name) else { return }
    throw ZorBAError(
      .invalidConfiguration, "'\(name.excerpt())' is no name of a \(kind)",
      advice: "Use 1 to 63 of a-z, 0-9, '.', '_', '-', and begin with a letter or digit.")
  }

  static func isName(_ text: some StringProtocol) -> Bool {
    let bytes = text.utf8
    guard let first = bytes.first, bytes.count <= 63, isAlphanumeric(first) else { return false }
    return bytes.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
        || $0 == UInt8(ascii: "-")
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
