import ZorBA
import ZorBAAudit
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal
import ZorBAStore

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Runs that go on from a round of another one.
extension Coordinator {
  /// Starts a run from an earlier round of another one, in a folder beside that one's. It needs as
  /// many approvals as that one did, and nothing of it is written to the folder before it has them: a
  /// journal with its base model is a model.
  ///
  /// - Throws: `ZorBAError` when there is no such round, the name or the folder is taken or an override
  ///   is wrong.
  func branch(
    _ source: String, at round: Int, to name: String, overrides: [String],
    by actor: String = AuditEntry.local
  ) throws {
    let host = try run(named: source)
    try checkFree(name)
    var configuration = try RunFile.parse(
      host.blueprint.configuration.yamlText, file: host.folder.configuration, overrides: overrides)
    let parent = host.folder.path.split(separator: "/", omittingEmptySubsequences: false)
      .dropLast().joined(separator: "/")
    configuration.out = parent.isEmpty ? name : "\(parent)/\(name)"
    let folder = RunFolder(path: configuration.out)
    guard !FileManager.default.fileExists(atPath: folder.journal) else {
      throw ZorBAError(
        .invalidConfiguration, "the folder holds a run already", at: .init(file: folder.path),
        advice: "Give the new run another name.")
    }
    let least = max(
      try requiredApprovals(of: host.blueprint.configuration),
      try store.request(of: source)?.required ?? 0)
    let round = max(0, round)
    let branch = StoredRequest.Branch(
      source: source, round: round, chain: try Self.chain(of: host.folder.journal, at: round))
    try admit(configuration, named: name, by: actor, least: least, branch: branch)
  }

  /// Copies the beginning of another run into the folder of one that goes on from it, unless that
  /// was done before a restart.
  ///
  /// - Throws: `ZorBAError` when that history is gone, the folder is taken, the copy cannot be
  ///   recorded or the disk refuses.
  func take(
    _ branch: StoredRequest.Branch, of blueprint: RunBlueprint, into folder: RunFolder,
    by actor: String
  ) throws {
    guard try !JournalReader.hasHeader(at: folder.journal) else { return }
    let source = try journal(of: branch)
    try audit?.record(
      AuditEntry(
        .runBranched, by: actor, run: branch.source, round: branch.round,
        digest: blueprint.specification, detail: ["to": .string(blueprint.name)]))
    let text = blueprint.configuration.yamlText
    try folder.prepareForNewRun(configuration: text)
    // Under its own name there is never half a journal, which would pass for another run's.
    let fresh = folder.journal + ".new"
    try? FileManager.default.removeItem(atPath: fresh)
    _ = try JournalWriter.branch(
      from: source, at: UInt64(branch.round), to: fresh,
      configuration: blueprint.header.configuration)
    // The other run may have gone back meanwhile.
    try check(fresh, against: branch)
    try JournalFiles.place(fresh, at: folder.journal)
    try RunFolder.write(text, to: folder.configuration)
  }

  /// The journal that a run goes on from.
  ///
  /// - Throws: `ZorBAError` with code `refused` when its history is another one by now, such as after a
  ///   run went back.
  @discardableResult
  func journal(of branch: StoredRequest.Branch) throws -> String {
    let known = try hosts[branch.source]?.folder.path ?? store.run(named: branch.source)?.folder
    guard let known else {
      throw ZorBAError(
        .invalidConfiguration, "there is no run '\(branch.source)' to go on from",
        at: .init(field: "run"))
    }
    let journal = RunFolder(path: known).journal
    try check(journal, against: branch)
    return journal
  }

  private func check(_ journal: String, against branch: StoredRequest.Branch) throws {
    guard try Self.chain(of: journal, at: branch.round) == branch.chain else {
      throw ZorBAError(
        .refused,
        "round \(branch.round) of run '\(branch.source)' is another one than when the branch was "
          + "asked for", at: .init(file: journal), advice: "Ask for the branch again.")
    }
  }

  /// The chain value of a journal after a round, of the header before the first.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when there is no such round, or there is damage
  ///   before it.
  private static func chain(of journal: String, at round: Int) throws -> String {
    let reader = try JournalReader(path: journal)
    guard round > 0 else { return "\(reader.chain)" }
    while reader.lastRound < UInt64(round), try reader.next() != nil {}
    guard reader.lastRound == UInt64(round) else {
      throw ZorBAError(
        .invalidJournal,
        "there is no round \(round) to branch from; the journal has come to \(reader.lastRound)",
        at: .init(file: journal),
        advice: "Branch from a committed round, or from 0.")
    }
    return "\(reader.chain)"
  }
}
