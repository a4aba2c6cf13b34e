import ZorBADiagnostics

/// What a message is; in the order in which messages follow each other.
enum MessageKind: UInt8, Sendable, Comparable {
  /// Site: its keys, signed.
  case advertisement = 1
  /// Coordinator: everybody's keys.
  case roster
  /// Site: shares of its secrets, sealed to its neighbours.
  case shares
  /// Coordinator: the shares sealed to this site.
  case delivery
  /// Site: its masked vector.
  case maskedInput
  /// Coordinator: whose vectors are there.
  case survivors
  /// Site: its signature over that list.
  case confirmation
  /// Coordinator: enough such signatures.
  case confirmations
  /// Site: one share of each neighbour.
  case unmasking

  static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

  /// How errors call it.
  var name: String {
    switch self {
    case .advertisement: "its keys"
    case .roster: "the list of keys"
    case .shares: "its sealed shares"
    case .delivery: "the sealed shares"
    case .maskedInput: "its masked vector"
    case .survivors: "the list of survivors"
    case .confirmation: "its signature over the survivors"
    case .confirmations: "the signatures over the survivors"
    case .unmasking: "its shares for unmasking"
    }
  }
}

extension MessageKind {
  /// "ZS", then the version of the encoding.
  private static let magic: [UInt8] = [0x5A, 0x53, 1]
  /// Magic, kind and the session's identifier.
  static let headerBytes = 36

  /// A message that so far has its header only.
  func begin(_ session: SecureSession) -> MessageWriter {
    var writer = MessageWriter()
    writer.append(fixed: Self.magic)
    writer.append(rawValue)
    writer.append(fixed: session.identifier)
    return writer
  }

  /// Reads the header and leaves the reader at the body.
  ///
  /// - Throws: ``ZorBAError``: `invalidData` for what is no message; `refused` for a message of
  ///   another session.
  static func read(_ reader: inout MessageReader, session: SecureSession) throws -> MessageKind {
    guard try reader.fixed(magic.count).elementsEqual(magic) else {
      throw reader.damage("does not begin as one of this version does")
    }
    let value = try reader.number(UInt8.self)
    guard let kind = MessageKind(rawValue: value) else {
      throw reader.damage("is of kind \(value), which does not exist")
    }
    guard try reader.fixed(32).elementsEqual(session.identifier) else {
      throw ZorBAError(
        .refused,
        """
        a message of \(reader.sender) belongs to another session than round \(session.round), \
        attempt \(session.attempt)
        """,
        advice:
          "It is a replay, or the two disagree about the run, the group or the parameters.")
    }
    return kind
  }
}
