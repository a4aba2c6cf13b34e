import ZorBAIdentity
import ZorBAJSON

extension IdentityCertificate {
  /// What commands say about a certificate they wrote.
  func json(writtenTo path: String) -> JSONValue {
    [
      "principal": .string(principal.uri), "serial": .string(serial),
      "fingerprint": .string(fingerprint.hex), "not_before": .string(Timestamp.text(notBefore)),
      "not_after": .string(Timestamp.text(notAfter)), "file": .string(path),
    ]
  }
}
