import ZorBA
import ZorBADiagnostics
import ZorBAPrivacy
import ZorBASitePolicy

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A copy of the site's privacy ledger, so that a rehearsal is judged by what was spent and costs nothing.
final class RehearsalLedger {
  private let folder: String

  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be copied.
  init(of configuration: SiteConfiguration) throws {
    folder =
      FileManager.default.temporaryDirectory
      .appending(path: "zorba-rehearsal-\(UUID().uuidString)").path
    let ledger = "\(configuration.state)/\(PrivacyLedger.fileName)"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
      if FileManager.default.fileExists(atPath: ledger) {
        try FileManager.default.copyItem(
          atPath: ledger, toPath: "\(folder)/\(PrivacyLedger.fileName)")
      }
    } catch {
      throw ZorBAError(
        .inputOutput, "the privacy ledger cannot be copied", at: .init(file: ledger),
        advice: "Check its permissions, and that there is room for temporary files.", cause: error)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// What the site would count the run with; nil for a run that promises nothing.
  func privacy(
    of run: RunConfiguration, named name: String, policy: SitePolicy
  ) throws -> SitePrivacy? {
    guard run.differentialPrivacy != nil else { return nil }
    return SitePrivacy(
      ledger: try PrivacyLedger(folder: folder), run: name, total: policy.epsilonMaximum, done: 0)
  }
}
