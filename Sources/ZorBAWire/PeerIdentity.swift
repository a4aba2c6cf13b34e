/// Who is at the other end, as its certificate says.
package struct PeerIdentity: Hashable, Sendable {
  /// What a certificate entitles its holder to be.
  package enum Role: String, Hashable, Sendable {
    case coordinator
    case site
    case `operator`
  }

  /// The role.
  package var role: Role
  /// The name within the role; a coordinator has none.
  package var name: String
  /// The end of the certificate's validity, in seconds since 1970.
  package var notAfter: UInt64
  /// The certificate's serial number as people write it.
  package var serial: String

  /// Creates an identity.
  package init(role: Role, name: String, notAfter: UInt64, serial: String) {
    self.role = role
    self.name = name
    self.notAfter = notAfter
    self.serial = serial
  }
}

extension PeerIdentity: CustomStringConvertible {
  /// The role and the name.
  package var description: String { name.isEmpty ? role.rawValue : "\(role.rawValue) \(name)" }
}
