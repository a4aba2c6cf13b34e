import SwiftASN1
import X509
import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where a coordinator can be reached, for programs that check a server's certificate by host name.
///
/// ZorBA's own sites know their coordinator by its URI and need none of these.
package struct HostNames: Hashable, Sendable {
  package let dns: [String]
  /// IPv4 and IPv6 addresses as 4 or 16 bytes.
  package let addresses: [[UInt8]]

  package static let none = HostNames(dns: [], addresses: [])

  private init(dns: [String], addresses: [[UInt8]]) {
    self.dns = dns
    self.addresses = addresses
  }

  /// - Throws: `ZorBAError` with code `invalidConfiguration` quoting a name or address that is none.
  package init(dns: [String], ip: [String]) throws {
    for name in dns where !Self.isHostName(name) {
      throw ZorBAError(
        .invalidConfiguration, "'\(name.excerpt())' is no host name", at: .init(field: "--dns"),
        advice: "Give a name such as coordinator.example.org; addresses go to --ip.")
    }
    self.dns = dns
    addresses = try ip.map { text in
      guard let address = Self.address(text) else {
        throw ZorBAError(
          .invalidConfiguration, "'\(text.excerpt())' is no IP address", at: .init(field: "--ip"),
          advice: "Give an address such as 192.0.2.7 or 2001:db8::7.")
      }
      return address
    }
  }

  /// The names in a certificate.
  init(of extensions: Certificate.Extensions) throws {
    var dns: [String] = []
    var addresses: [[UInt8]] = []
    for name in try extensions.subjectAlternativeNames ?? SubjectAlternativeNames() {
      switch name {
      case .dnsName(let name): dns.append(name)
      case .ipAddress(let address): addresses.append(Array(address.bytes))
      default: break
      }
    }
    self.init(dns: dns, addresses: addresses)
  }

  package var isEmpty: Bool { dns.isEmpty && addresses.isEmpty }

  var generalNames: [GeneralName] {
    dns.map { .dnsName($0) } + addresses.map { .ipAddress(ASN1OctetString(contentBytes: $0[...])) }
  }

  private static let alphabet = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-".utf8)

  private static func isHostName(_ name: String) -> Bool {
    let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let dash = UInt8(ascii: "-")
    return name.utf8.count <= 253
      && labels.allSatisfy { label in
        (1...63).contains(label.count) && label.first != dash && label.last != dash
          && label.allSatisfy { alphabet.contains($0) }
      }
  }

  private static func address(_ text: String) -> [UInt8]? {
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      if inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
  }
}
