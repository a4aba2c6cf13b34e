package import ZorBAAudit
import ZorBADiagnostics
import ZorBAJSON
import ZorBASitePolicy

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a site's agent records.
extension AuditTrail {
  /// Records by which policy the site answers, before it answers anything.
  ///
  /// - Throws: `ZorBAError` when the file cannot be read, or this cannot be recorded.
  func recordPolicy(at path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ZorBAError(
        .invalidConfiguration, "cannot be read", at: .init(file: path),
        advice: "Give the path of the site's policy.")
    }
    try record(
      AuditEntry(.policyLoaded, by: keeper, digest: Hexadecimal.digest(of: Array(data))))
  }

  /// Records that the policy lets the site take part in a run.
  func recordAdmission(of run: RunFacts) throws {
    try record(
      AuditEntry(
        .runOpened, by: keeper, run: run.name, digest: run.specification,
        detail: [
          "base": .string(run.base), "rounds": .integer(run.rounds),
          "cohort": run.cohort.map { .integer($0) } ?? .null,
        ]))
  }

  /// Records what the policy kept in.
  func noteRefusal(_ sentence: String, run: String, round: Int?, digest: String? = nil) {
    note(
      AuditEntry(
        .policyRefused, by: keeper, run: run, round: round, digest: digest,
        detail: ["why": .string(sentence)]))
  }

  /// Records that a message is about to leave; its digest is that of the payload in the sent log.
  /// Heartbeats say nothing and are left out.
  func recordRelease(of line: SentLine) throws {
    guard line.kind != .heartbeat else { return }
    try record(
      AuditEntry(
        .messageReleased, by: keeper, run: line.run.isEmpty ? nil : line.run, round: line.round,
        digest: Hexadecimal.digest(of: line.payload),
        detail: ["kind": .string(line.kind.rawValue), "bytes": .integer(line.byteCount)]))
  }

  /// Records what an agent tells of itself, as far as an audit asks for it.
  package func note(_ notice: AgentNotice) {
    switch notice {
    case .joined(let run, let round, _):
      note(AuditEntry(.siteReady, by: keeper, run: run, round: round))
    case .catchingUp(let what):
      note(AuditEntry(.replicaCaughtUp, by: keeper, detail: ["what": .string(what)]))
    case .renewed: note(AuditEntry(.identityRenewed, by: keeper))
    case .warning(let text):
      note(AuditEntry(.runWarning, by: keeper, detail: ["text": .string(text)]))
    case .connected, .disconnected, .downloading, .answered, .applied, .refused, .paused: break
    }
  }
}

extension SiteGate.Occasion {
  /// The round that is asked about; nil for none.
  var roundNumber: Int? {
    switch self {
    case .round(let facts): facts.round
    case .evaluation(let facts): facts.round
    case .other: nil
    }
  }
}
