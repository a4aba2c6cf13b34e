import SwiftASN1
import X509
package import ZorBAAudit
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Whether a log's times fit the certificate that vouches for its key.
///
/// The keeper signs the log's key when the log begins, so that moment must lie within the
/// certificate's validity: a key whose certificate has ended vouches for no new log. Later records
/// are signed by the log's own key, which goes on when the certificate is renewed; that they are
/// later than the certificate's end is told and is no fault. All times are the keeper's clock.
package struct KeeperValidity: Sendable {
  /// What came of it.
  package struct Result: Sendable, Equatable {
    /// From when to when the certificate is valid.
    package var notBefore: AuditTime
    package var notAfter: AuditTime
    /// Whether there are records from after its end.
    package var isOutlived: Bool
    /// Whether there are records from before its beginning.
    package var isForerun: Bool
    /// The signature of the log's key that was made outside of it.
    package var finding: AuditFinding?
  }

  private var hasHead = false
  private var began: (record: AuditRecord, file: String, line: Int)?
  private var earliest: AuditTime?
  private var latest: AuditTime?

  package init() {}

  /// Takes the next whole record of the log.
  package mutating func visit(_ record: AuditRecord, file: String, line: Int) {
    earliest = min(earliest ?? record.time, record.time)
    latest = max(latest ?? record.time, record.time)
    guard !hasHead else { return }
    switch record.entry.what {
    case .logBegan:
      hasHead = true
      began = (record, file, line)
    // Its signature was made when the process began that wrote it, which it does not say.
    case .logContinued: hasHead = true
    default: break
    }
  }

  /// What the records say against a log's head; nil where it holds no certificate that can be read.
  package func result(_ head: LogHead) -> Result? {
    guard let der = head.certificates.first, let certificate = try? Certificate(derEncoded: der),
      let earliest, let latest
    else { return nil }
    let notBefore = Self.time(certificate.notValidBefore)
    let notAfter = Self.time(certificate.notValidAfter)
    var result = Result(
      notBefore: notBefore, notAfter: notAfter, isOutlived: latest > notAfter,
      isForerun: earliest < notBefore)
    if let began, !(notBefore...max(notBefore, notAfter)).contains(began.record.time) {
      result.finding = AuditFinding(
        kind: .head, file: began.file, line: began.line, n: began.record.n,
        message: "the log's key was signed at \(began.record.time); the certificate of "
          + "\((head.keeper ?? "its keeper").excerpt()) is valid from \(notBefore) to \(notAfter)")
    }
    return result
  }

  private static func time(_ date: Date) -> AuditTime {
    AuditTime(milliseconds: Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()) ?? .max)
  }
}

extension KeeperValidity.Result {
  /// What was found, in words.
  package var words: String {
    let range = "certificate from \(notBefore) to \(notAfter)"
    switch (isForerun, isOutlived) {
    case (false, false): return "\(range), and all records within"
    case (false, true): return "\(range); later records have the word of the log's key alone"
    case (true, false): return "\(range); earlier records have the word of the log's key alone"
    case (true, true):
      return "\(range); earlier and later records have the word of the log's key alone"
    }
  }
}
