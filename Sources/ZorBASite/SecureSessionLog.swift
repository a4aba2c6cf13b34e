import Synchronization
import ZorBADiagnostics
import ZorBASecureAggregation
import ZorBASitePolicy

/// What the site remembers of secure sessions, across restarts.
///
/// Within an epoch rounds and attempts only go up. A coordinator raises the epoch when it starts, so that
/// its attempts count anew; what was agreed to under an earlier epoch is never agreed to again. Of every
/// run it also knows the survivors that it signed last: they belong to the run, whatever stretch it is
/// in and whichever records stand before the round, for neither changes the site's answer.
final class SecureSessionLog: SessionMemory {
  private let file: SecureSessionFile
  private let entries: Mutex<[String: SecureSessionFile.Entry]>

  /// - Throws: `ZorBAError` when the file cannot be used: then the site takes part in no session.
  init(folder: String) throws {
    let file = SecureSessionFile(folder: folder)
    self.file = file
    entries = Mutex(try file.read())
  }

  func latest(federation: String, run: String) throws -> SessionMark? {
    let (name, epoch) = try Self.parts(of: run)
    guard let entry = entries.withLock({ $0[Self.key(federation, name)] }) else { return nil }
    guard entry.epoch <= epoch else {
      throw ZorBAError(
        .refused,
        "the coordinator asks for a secure session of stretch \(epoch) of run '\(name)'; this site is "
          + "in stretch \(entry.epoch)",
        at: .init(file: file.path),
        advice: "Set the clock of the coordinator, or ask the operator whether it was put back.")
    }
    guard entry.epoch == epoch else { return nil }
    return SessionMark(round: entry.round, attempt: entry.attempt)
  }

  func remember(_ mark: SessionMark, federation: String, run: String) throws {
    let (name, epoch) = try Self.parts(of: run)
    try change(federation, name) { entry in
      SecureSessionFile.Entry(
        epoch: epoch, round: mark.round, attempt: mark.attempt, signed: entry?.signed)
    }
  }

  func signed(federation: String, run: String) throws -> SignedSurvivors? {
    let (name, _) = try Self.parts(of: run)
    return entries.withLock { $0[Self.key(federation, name)]?.signed }.map {
      SignedSurvivors(round: $0.round, members: $0.survivors)
    }
  }

  func rememberSigned(
    _ survivors: SignedSurvivors, federation: String, run: String
  ) throws {
    let (name, _) = try Self.parts(of: run)
    try change(federation, name) { entry in
      var entry = entry ?? .init(epoch: 0, round: survivors.round, attempt: 0)
      entry.signed = .init(round: survivors.round, survivors: survivors.members)
      return entry
    }
  }

  private func change(
    _ federation: String, _ run: String,
    _ body: (SecureSessionFile.Entry?) -> SecureSessionFile.Entry
  ) throws {
    try entries.withLock { entries in
      var changed = entries
      let key = Self.key(federation, run)
      changed[key] = body(entries[key])
      try file.write(changed)
      entries = changed
    }
  }

  private static func key(_ federation: String, _ run: String) -> String { "\(federation)/\(run)" }

  /// The name of the run and the epoch, as sessions call a stretch of a run.
  private static func parts(of run: String) throws -> (name: String, epoch: UInt64) {
    guard let mark = run.lastIndex(of: "@"), let epoch = UInt64(run[run.index(after: mark)...])
    else {
      throw ZorBAError(.invalidData, "'\(run.excerpt())' names no stretch of a run")
    }
    return (String(run[..<mark]), epoch)
  }
}
