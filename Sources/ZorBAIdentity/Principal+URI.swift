import ZorBADiagnostics

extension Principal {
  /// The one spelling of the principal.
  package var uri: String {
    role == .coordinator
      ? "\(Self.scheme)\(federation)/coordinator"
      : "\(Self.scheme)\(federation)/\(role.rawValue)/\(name)"
  }

  /// The principal that a URI names; exactly the URIs that `uri` writes are understood.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` quoting the URI.
  package init(uri: String) throws {
    // The longest has two names of 63, a role and the scheme; anything longer is not worth reading.
    guard uri.utf8.count <= 160, uri.utf8.starts(with: Self.scheme.utf8) else {
      throw Self.malformed(uri)
    }
    let parts = uri.utf8.dropFirst(Self.scheme.utf8.count)
      .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    let role = parts.count > 1 ? Role(rawValue: parts[1]) : nil
    let name: String
    switch (role, parts.count) {
    case (.coordinator, 2): name = parts[1]
    case (.site, 3), (.operator, 3): name = parts[2]
    default: throw Self.malformed(uri)
    }
    guard let role, Self.isName(parts[0]), Self.isName(name) else { throw Self.malformed(uri) }
    try self.init(federation: parts[0], role: role, name: name)
  }

  private static func malformed(_ uri: String) -> ZorBAError {
    ZorBAError(
      .invalidData, "'\(uri.excerpt(limit: 160))' names no principal",
      advice: "It reads zorba://FEDERATION/site/NAME, zorba://FEDERATION/operator/NAME or "
        + "zorba://FEDERATION/coordinator.")
  }
}

extension Principal: CustomStringConvertible {
  /// `site 'clinic-a' of federation 'hearts'`, as sentences name it.
  package var description: String {
    role == .coordinator
      ? "the coordinator of federation '\(federation)'"
      : "\(role.rawValue) '\(name)' of federation '\(federation)'"
  }
}
