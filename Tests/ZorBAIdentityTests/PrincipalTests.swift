import Testing
import ZorBADiagnostics
import ZorBAIdentity
import ZorBATestSupport

@Suite struct PrincipalTests {
  @Test func everyPrincipalIsReadBackFromItsURI() throws {
    var generator = SeededGenerator(seed: 1)
    let first = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    let rest = first + ["-", ".", "_"]
    func name(_ length: Int) -> String {
      String(
        (0..<length).compactMap { ($0 == 0 ? first : rest).randomElement(using: &generator) })
    }
    for length in 1...63 {
      for role in Principal.Role.allCases {
        let principal = try Principal(
          federation: name(64 - length), role: role,
          name: role == .coordinator ? "coordinator" : name(length))
        #expect(try Principal(uri: principal.uri) == principal)
      }
    }
  }

  @Test(arguments: [
    "", "zorba://", "zorba://hearts", "zorba://hearts/", "zorba://hearts/site",
    "zorba://hearts/site/", "zorba://hearts/site/a/b", "zorba://hearts/coordinator/a",
    "zorba://hearts/coordinator/", "zorba://hearts/Site/a", "zorba://hearts/site/A",
    "zorba://hearts/site/-a", "zorba://hearts/site/.a", "zorba:///site/a", "zorba:/hearts/site/a",
    "ZORBA://hearts/site/a", "zorba://hearts/site/a ", "zorba://hearts/site/a?b",
    "zorba://hearts/site/é", "zorba://hearts/guest/a", "zorba://hearts//a", "zorba://h%65/site/a",
    "zorba://hearts/site/a\u{301}", "zorba://hearts/site/a\0",
    "zorba://hearts/site/" + String(repeating: "a", count: 64),
    "zorba://" + String(repeating: "a", count: 64) + "/site/a",
    "zorba://hearts/site/" + String(repeating: "a", count: 100_000),
  ])
  func otherURIsAreNot(_ uri: String) {
    expectError(.invalidData, naming: String(uri.prefix(24)).trimmingNull, "zorba://FEDERATION") {
      _ = try Principal(uri: uri)
    }
  }

  @Test func damagedURIsAreErrorsOrOtherPrincipals() throws {
    var mutator = Mutator(seed: 2)
    let uris = try [
      Principal(federation: "hearts", role: .site, name: "clinic-a").uri,
      Principal(federation: "h", role: .operator, name: "o").uri,
      Principal.coordinator(of: "hearts.example").uri,
    ]
    var readable = 0
    for round in 0..<30_000 {
      let bytes = mutator.mutate(Array(uris[round % uris.count].utf8))
      let text = String(decoding: bytes, as: UTF8.self)
      do {
        let principal = try Principal(uri: text)
        readable += 1
        #expect(Array(principal.uri.utf8) == bytes)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidData)
      }
    }
    #expect(readable > 100)
  }

  @Test func namesAreCheckedWhereTheyAreGiven() {
    expectError(.invalidConfiguration, naming: "'Clinic A'", "site") {
      _ = try Principal(federation: "hearts", role: .site, name: "Clinic A")
    }
    expectError(.invalidConfiguration, naming: "'_x'", "federation") {
      _ = try Principal.coordinator(of: "_x")
    }
    expectError(.invalidConfiguration, naming: "'boss'", "coordinator") {
      _ = try Principal(federation: "hearts", role: .coordinator, name: "boss")
    }
  }
}

extension String {
  /// The text up to its first null, which errors spell out.
  fileprivate var trimmingNull: String { String(prefix { $0 != "\0" }) }
}
