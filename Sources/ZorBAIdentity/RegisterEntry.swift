import ZorBADiagnostics
import ZorBAJSON

#if canImport(FoundationEssentials)
  package import FoundationEssentials
#else
  package import Foundation
#endif

/// One line of an authority's register.
package struct RegisterEntry: Hashable, Sendable {
  package enum Event: String, Hashable, Sendable {
    case issued, renewed, revoked
  }

  package let time: Date
  package let event: Event
  /// The certificate's serial number, lower-case hexadecimal.
  package let serial: String
  package let principal: Principal
  /// Of the public key.
  package let fingerprint: Fingerprint
  package let notAfter: Date
  /// Why, for people; empty when there is nothing to say.
  package let reason: String

  static let longestReason = 500

  var line: String {
    let value: JSONValue = [
      "time": .string(Timestamp.text(time)), "event": .string(event.rawValue),
      "serial": .string(serial), "principal": .string(principal.uri),
      "fingerprint": .string(fingerprint.hex), "not_after": .string(Timestamp.text(notAfter)),
      "reason": .string(reason),
    ]
    return value.serialized
  }

  init(
    time: Date, event: Event, certificate: IdentityCertificate, reason: String
  ) {
    self.time = Timestamp.wholeSeconds(time)
    self.event = event
    serial = certificate.serial
    principal = certificate.principal
    fingerprint = certificate.fingerprint
    notAfter = certificate.notAfter
    self.reason = reason
  }

  /// The entry that ends what `entry` began.
  init(revoking entry: RegisterEntry, time: Date, reason: String) {
    self.time = Timestamp.wholeSeconds(time)
    event = .revoked
    serial = entry.serial
    principal = entry.principal
    fingerprint = entry.fingerprint
    notAfter = entry.notAfter
    self.reason = reason
  }

  /// Reads one line.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming file, line and member.
  init(line: some Sequence<UInt8>, file: String?, number: Int) throws {
    let value = try JSONParser.parse(line, file: file, firstLine: number)
    func fault(_ key: String) -> ZorBAError {
      ZorBAError(
        .invalidData, "this line of the register has no usable '\(key)'",
        at: .init(file: file, line: number, field: key),
        advice: "Restore the register from a backup; nobody is admitted until it can be read.")
    }
    func text(_ key: String) throws -> String {
      guard let text = value[key]?.string else { throw fault(key) }
      return text
    }
    guard let time = Timestamp.date(try text("time")) else { throw fault("time") }
    guard let notAfter = Timestamp.date(try text("not_after")) else { throw fault("not_after") }
    guard let event = Event(rawValue: try text("event")) else { throw fault("event") }
    let serial = try text("serial")
    guard (2...42).contains(serial.utf8.count), Hexadecimal.isText(serial) else {
      throw fault("serial")
    }
    guard let principal = try? Principal(uri: try text("principal")) else {
      throw fault("principal")
    }
    guard let fingerprint = try? Fingerprint(hex: try text("fingerprint")) else {
      throw fault("fingerprint")
    }
    self.time = time
    self.event = event
    self.serial = serial
    self.principal = principal
    self.fingerprint = fingerprint
    self.notAfter = notAfter
    reason = try text("reason")
  }

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the reason is empty or too long.
  static func check(reason: String) throws {
    guard (1...longestReason).contains(reason.utf8.count) else {
      throw ZorBAError(
        .invalidConfiguration,
        "a reason of \(reason.utf8.count) bytes cannot be kept", at: .init(field: "--reason"),
        advice: "Say in 1 to \(longestReason) bytes why; the register keeps it.")
    }
  }
}
