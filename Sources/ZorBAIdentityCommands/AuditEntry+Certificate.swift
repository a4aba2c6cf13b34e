import ZorBAAudit
import ZorBAIdentity
import ZorBAJSON

extension AuditEntry {
  /// An entry about a certificate that was issued; its digest is the certificate's.
  init(
    _ what: AuditKind, _ issued: IssuedCertificate,
    detail: KeyValuePairs<String, JSONValue> = [:]
  ) {
    let certificate = issued.certificate
    self.init(
      what, digest: Hexadecimal.digest(of: certificate.der),
      detail: [
        "principal": .string(certificate.principal.uri), "serial": .string(certificate.serial),
        "not_after": .string(Timestamp.text(certificate.notAfter)),
      ])
    for (key, value) in detail { _ = self.detail.append(.init(key: key, value: value)) }
  }
}
