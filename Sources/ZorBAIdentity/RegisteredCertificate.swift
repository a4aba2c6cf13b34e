import ZorBADiagnostics

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// A certificate as the register knows it.
package struct RegisteredCertificate: Hashable, Sendable {
  /// What became of a certificate.
  package enum Status: Hashable, Sendable {
    case live
    case expired
    case revoked(at: Date, reason: String)
  }

  /// The line that says it was issued or renewed.
  package let entry: RegisterEntry
  /// The line that says it was revoked.
  package let revocation: RegisterEntry?

  package func status(at now: Date) -> Status {
    if let revocation { return .revoked(at: revocation.time, reason: revocation.reason) }
    return now <= entry.notAfter ? .live : .expired
  }
}

extension RegisterContents {
  /// The certificates in the order of their issue.
  var certificates: [RegisteredCertificate] {
    let revocations = self.revocations
    return entries.filter { $0.event != .revoked }.map {
      RegisteredCertificate(entry: $0, revocation: revocations[$0.serial])
    }
  }

  /// The first revocation of every serial.
  var revocations: [String: RegisterEntry] {
    var revocations: [String: RegisterEntry] = [:]
    for entry in entries where entry.event == .revoked && revocations[entry.serial] == nil {
      revocations[entry.serial] = entry
    }
    return revocations
  }
}
