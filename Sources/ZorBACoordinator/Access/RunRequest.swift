import Crypto
import ZorBAAudit
import ZorBADiagnostics
import ZorBAJournal
import ZorBAStore

/// A run that waits until enough people agree to it; no site can learn of it.
struct RunRequest: Sendable {
  var blueprint: RunBlueprint
  var stored: StoredRequest
}

extension RunBlueprint {
  /// SHA-256 of the payload of the journal's header: what people approve, what a site's policy may
  /// name under `runs.specifications`, and what the audit log calls the run's digest.
  package var specification: String {
    Hexadecimal.text(SHA256.hash(data: header.encoded))
  }
}

extension StoredRequest {
  /// Whether as many agreed as it needs.
  var isApproved: Bool { counted >= required }

  /// - Throws: `ZorBAError` when this approver cannot approve of this digest.
  func check(digest: String, approver: String) throws {
    guard self.digest == digest else {
      throw ZorBAError(
        .invalidConfiguration,
        "the specification of run '\(run)' has the digest \(self.digest), not \(digest.excerpt())",
        at: .init(field: "digest"), advice: "Look at what the run is now before you approve it.")
    }
    guard requestedBy != approver else {
      throw ZorBAError(
        .refused, "whoever asks for a run cannot approve it",
        advice: "Ask somebody else with the role approver.")
    }
    guard !approvals.contains(where: { $0.approver == approver }) else {
      throw ZorBAError(.refused, "\(approver) has approved this run already")
    }
  }
}
