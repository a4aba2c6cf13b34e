/// What a session has come to so far, as signatures bind it.
struct Transcript: Sendable {
  let session: SecureSession
  /// The digest of everybody's keys.
  let roster: [UInt8]
  /// Those whose shares were dealt, and who are masked with.
  var sharing: MemberSet?

  /// The digest of a roster: who is in it and with which keys.
  static func digest(
    of present: MemberSet, entries: [[UInt8]], in session: SecureSession
  ) -> [UInt8] {
    Labels.digest(.roster, session.identifier, present.bytes, Array(entries.joined()))
  }

  /// A member signs, with its masked vector, with whom it masked. Its neighbours give away shares of
  /// its self mask only if that is what they know too; or a coordinator could tell one member of
  /// few others, and call just these dropped out.
  func maskedInput(of member: Int) -> [UInt8] {
    Labels.maskedInput.bytes(
      session.identifier, roster, sharing?.bytes ?? [], member.labelled)
  }

  /// A member signs one list of survivors.
  func survivors(_ survivors: MemberSet, signedBy member: Int) -> [UInt8] {
    Labels.survivors.bytes(
      session.identifier, roster, sharing?.bytes ?? [], survivors.bytes, member.labelled)
  }
}
