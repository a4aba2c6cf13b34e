package import ZorBAAudit
import ZorBADiagnostics
package import ZorBAIdentity

/// The audit log in an authority's folder: what was issued, renewed and revoked with its key.
package enum AuthorityLog {
  /// The log of the authority in a folder.
  package static func path(_ folder: String) -> String { "\(folder)/audit.jsonl" }

  /// Records what an authority did. A command holds the log for an instant; another one that has it
  /// is waited for.
  ///
  /// - Throws: `ZorBAError` when it cannot be recorded.
  package static func record(_ entry: AuditEntry, of authority: CertificateAuthority) throws {
    var tries = 0
    while true {
      do {
        let log = try AuditLog(
          path: path(authority.folder), keeper: AuthorityKeeper(authority))
        try log.append(entry)
        return
      } catch let error as ZorBAError where error.message.contains("another process keeps") {
        tries += 1
        guard tries < 100 else { throw error }
        wait(milliseconds: 50)
      }
    }
  }
}
