import Synchronization
import ZorBADiagnostics
import ZorBASecureAggregation
import ZorBASitePolicy

/// What the site remembers of secure sessions, across restarts.
///
/// Within an epoch rounds and attempts only go up. A coordinator raises the epoch when it starts, so that
/// its attempts count anew; what was agreed to under an earlier epoch is never agreed to again. Of every run it also knows the newest round of which
/// sums were unmasked with this site in them, because the same answers in another sum would tell the
/// difference; earlier rounds are never summed again.
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
        epoch: epoch, round: mark.round, attempt: mark.attempt, unmasked: entry?.unmasked)
    }
  }

  /// Notes that a sum is about to be unmasked, or refuses it.
  ///
  /// The site's answer to a round is the same in every attempt at it, so sums over different sites give
  /// their difference away. Sites that are in the same ones of all sums form a class, and every
  /// combination of the sums weighs a class as one: so no class may have fewer than `minimum`.
  ///
  /// What stretch of the run, or which records stand before the round, does not matter: neither changes
  /// the answer.
  ///
  /// - Throws: `ZorBAError` with code `refused`, or `inputOutput` when it cannot be written down.
  func unmask(
    _ survivors: [Int], round: Int, minimum: Int, federation: String, run: String
  ) throws {
    let (name, _) = try Self.parts(of: run)
    let known = entries.withLock { $0[Self.key(federation, name)]?.unmasked }
    if let known, known.round > round {
      throw ZorBAError(
        .refused,
        "round \(round) comes after a sum of round \(known.round) was told: answers to a round that is "
          + "summed again over other sites would be told by the difference",
        advice: "Secure aggregation goes back for nobody. Start a run with another seed.")
    }
    var sums = known.flatMap { $0.round == round ? $0.sums : nil } ?? []
    if !sums.contains(survivors) { sums.append(survivors) }
    let everybody = sums.reduce(into: Set<Int>()) { $0.formUnion($1) }
    let classes = Dictionary(grouping: everybody) { site in sums.map { $0.contains(site) } }
    let smallest = classes.values.map(\.count).min() ?? 0
    guard smallest >= minimum else {
      throw ZorBAError(
        .refused,
        "round \(round) was summed before over other sites; together the sums would tell what "
          + "\(smallest) of them answered, fewer than \(minimum)",
        advice: "Wait until the same sites are there, or start a run with another seed.")
    }
    try change(federation, name) { entry in
      var entry = entry ?? .init(epoch: 0, round: round, attempt: 0)
      entry.unmasked = .init(round: round, sums: sums)
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
