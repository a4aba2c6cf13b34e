import Foundation
import Testing
import ZorBADiagnostics
import ZorBAIdentity

/// OpenSSL as an independent reader of what the authority writes.
@Suite(.enabled(if: Tool.openssl != nil, "needs the command 'openssl' on PATH"))
struct OpenSSLTests {
  private let federation: TestFederation
  private let now = Date()

  init() throws { federation = try TestFederation(now: Date()) }

  private func openssl(_ arguments: String...) throws -> (status: Int32, output: String) {
    try Tool.run(#require(Tool.openssl), arguments)
  }

  @Test func chainsVerifyForTheirPurposeOnly() throws {
    let authority = federation.authority.folder + "/authority.pem"
    for (role, name, good, bad) in [
      (Principal.Role.site, "clinic-a", "sslclient", "sslserver"),
      (.operator, "alex", "sslclient", "sslserver"),
      (.coordinator, "coordinator", "sslserver", "sslclient"),
    ] {
      let folder = try federation.member(role, name, at: now).folder
      func verify(_ purpose: String) throws -> (status: Int32, output: String) {
        try openssl(
          "verify", "-x509_strict", "-purpose", purpose, "-CAfile", authority,
          folder.path + "/certificate.pem")
      }
      let verified = try verify(good)
      #expect(verified.status == 0, "\(verified.output)")
      #expect(try verify(bad).status != 0)
    }
    let other = try TestFederation(now: Date())
    let foreign = try other.member(at: now).folder.path + "/certificate.pem"
    #expect(
      try openssl("verify", "-CAfile", other.authority.folder + "/authority.pem", foreign).status
        == 0)
    #expect(try openssl("verify", "-CAfile", authority, foreign).status != 0)
  }

  @Test func certificatesSayWhatIsDocumented() throws {
    let hosts = try HostNames(dns: ["a.example"], ip: ["192.0.2.7"])
    let folder = try federation.authority.provision(
      folder: federation.root + "/coordinator", principal: .coordinator(of: "hearts"),
      hosts: hosts, now: now)
    func text(_ path: String) throws -> String {
      let printed = try openssl("x509", "-in", path, "-noout", "-text")
      #expect(printed.status == 0)
      return printed.output
    }
    let leaf = try text(folder.path + "/certificate.pem")
    for part in [
      "Version: 3", "ecdsa-with-SHA256", "prime256v1", "CA:FALSE", "Digital Signature\n",
      "TLS Web Server Authentication\n", "URI:zorba://hearts/coordinator", "DNS:a.example",
      "IP Address:192.0.2.7", "Subject Key Identifier", "Authority Key Identifier",
    ] { #expect(leaf.contains(part), "\(part) is missing in \(leaf)") }
    let root = try text(federation.authority.folder + "/authority.pem")
    for part in ["CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign", "URI:zorba://hearts"] {
      #expect(root.contains(part), "\(part) is missing in \(root)")
    }
    let serial = try openssl(
      "x509", "-in", folder.path + "/certificate.pem", "-noout", "-serial"
    ).output
    #expect(serial.lowercased() == "serial=\(try folder.load().serial)\n")
  }

  @Test func keysAndRequestsCheckOut() throws {
    let folder = IdentityFolder(federation.root + "/site")
    let request = try folder.makeRequest(for: federation.principal(.site, "clinic-a"))
    let verified = try openssl("req", "-in", folder.requestPath, "-noout", "-verify", "-text")
    #expect(verified.status == 0)
    #expect(verified.output.contains("URI:zorba://hearts/site/clinic-a"))
    #expect(try openssl("pkey", "-in", folder.path + "/key.pem", "-noout", "-check").status == 0)
    // The fingerprint is the digest of the public key, as anybody can compute it.
    let key = federation.root + "/public.der"
    let wrote = try openssl(
      "pkey", "-in", folder.path + "/key.pem", "-pubout", "-outform", "DER", "-out", key)
    #expect(wrote.status == 0)
    let digest = try openssl("dgst", "-sha256", "-r", key).output
    #expect(digest.hasPrefix(request.fingerprint.hex))
  }

  @Test func requestsMadeByOpenSSLAreApproved() throws {
    let path = federation.root + "/foreign.pem"
    let made = try openssl(
      "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-keyout", federation.root + "/foreign.key", "-subj", "/CN=somebody", "-addext",
      "subjectAltName=URI:zorba://hearts/operator/alex", "-out", path)
    #expect(made.status == 0, "\(made.output)")
    let request = try SigningRequest(file: path)
    #expect(try request.principal == federation.principal(.operator, "alex"))
    let issued = try federation.authority.approve(
      request, fingerprint: request.fingerprint.hex, now: now)
    #expect(federation.anchor.chainsToAuthority(issued.chain))
  }

}
