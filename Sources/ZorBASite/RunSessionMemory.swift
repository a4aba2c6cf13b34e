import ZorBASecureAggregation

/// What the site remembers of the secure sessions of a run: under its name, and under what it is.
///
/// Names are the coordinator's. The same run under another name, or a branch of it, asks for the same
/// answers, so a sum that was told under one name must be known under all of them.
struct RunSessionMemory: SessionMemory {
  let log: SecureSessionLog
  /// SHA-256 of the payload of the journal's header, in hexadecimal.
  let specification: String

  /// What sessions call the stretch of the run, and what it is called by what it is: no name of a run
  /// has a space in it.
  private func names(_ run: String) -> [String] {
    guard let mark = run.lastIndex(of: "@") else { return [run] }
    return ["specification \(specification)\(run[mark...])", run]
  }

  func latest(federation: String, run: String) throws -> SessionMark? {
    try names(run).compactMap { try log.latest(federation: federation, run: $0) }.max()
  }

  func remember(_ mark: SessionMark, federation: String, run: String) throws {
    for name in names(run) { try log.remember(mark, federation: federation, run: name) }
  }

  func signed(federation: String, run: String) throws -> SignedSurvivors? {
    try names(run).compactMap { try log.signed(federation: federation, run: $0) }
      .max { $0.round < $1.round }
  }

  func rememberSigned(_ survivors: SignedSurvivors, federation: String, run: String) throws {
    for name in names(run) {
      try log.rememberSigned(survivors, federation: federation, run: name)
    }
  }
}
