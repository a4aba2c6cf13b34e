import Dispatch
import Foundation
import Synchronization
import Testing
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBATestSupport

@Suite struct RegisterTests {
  private let federation: TestFederation
  private let now = TestFederation.now

  init() throws { federation = try TestFederation() }

  @Test func linesAreForPeopleToo() throws {
    try federation.member()
    _ = try federation.authority.revoke("clinic-a", reason: "a \"quoted\"\nreason", now: now)
    let lines = try federation.text("authority/register.jsonl").split(separator: "\n")
    #expect(lines.count == 2)
    let values = try lines.map { try JSONParser.parse($0.utf8) }
    #expect(values.map { $0["event"]?.string } == ["issued", "revoked"])
    #expect(values.map { $0["time"]?.string } == Array(repeating: "2026-03-01T12:00:00Z", count: 2))
    #expect(values[0]["not_after"]?.string == "2026-03-31T12:00:00Z")
    #expect(values[0]["principal"]?.string == "zorba://hearts/site/clinic-a")
    #expect(values[1]["serial"] == values[0]["serial"])
    #expect(values[1]["reason"]?.string == "a \"quoted\"\nreason")
  }

  @Test func aLastLineTornAnywhereIsForgotten() throws {
    let path = federation.registerPath
    try federation.member(.site, "a")
    let before = try federation.bytes(path)
    try federation.member(.site, "b")
    let whole = try federation.bytes(path)
    let serials = try federation.authority.list().map(\.entry.serial)
    for length in before.count...whole.count {
      try federation.write(Array(whole[..<length]), to: path)
      // The newline alone may be missing: then the line is whole.
      let count = length >= whole.count - 1 ? 2 : 1
      #expect(try federation.authority.list().map(\.entry.serial) == Array(serials[..<count]))
      // What is appended then stands on a line of its own.
      let revoked = try federation.authority.revoke("a", reason: "test", now: now)
      let lines = try federation.text("authority/register.jsonl").split(separator: "\n")
      #expect(lines.count == count + 1)
      #expect(try federation.authority.list().first?.revocation == revoked.first)
    }
  }

  @Test func aDamagedLineInTheMiddleIsNamed() throws {
    let path = federation.registerPath
    for name in ["a", "b", "c"] { try federation.member(.site, name) }
    let text = try federation.text("authority/register.jsonl")
    let changes: [(String, String, String)] = [
      ("\"event\": \"issued\"", "\"event\": \"granted\"", "'event'"),
      ("\"time\": \"2026-03-01T12", "\"time\": \"2026-03-01 12", "'time'"),
      ("\"time\": \"2026-03-01", "\"time\": \"2026-13-01", "'time'"),
      ("\"serial\": \"", "\"serial\": \"x", "'serial'"),
      ("zorba://hearts/site/b", "zorba://hearts/b", "'principal'"),
      ("\"fingerprint\": \"", "\"fingerprint\": \"0", "'fingerprint'"),
      ("\"reason\": \"\"", "\"reason\": null", "'reason'"),
      ("\"not_after\"", "\"notAfter\"", "'not_after'"), ("{", "", "JSON"),
    ]
    for (old, new, named) in changes {
      var lines = text.split(separator: "\n").map(String.init)
      lines[1] = lines[1].replacingOccurrences(of: old, with: new)
      try federation.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
      let damaged = try federation.bytes(path)
      let authority = federation.authority
      for operation in [
        { _ = try authority.list() },
        { _ = try authority.revoke("a", reason: "test", now: TestFederation.now) },
        { _ = try Revocations(path: path) },
      ] { expectError(.invalidData, naming: path + ":2", named) { try operation() } }
      #expect(try federation.bytes(path) == damaged)
    }
  }

  /// Threads with descriptors of their own lock each other out as processes do.
  @Test func concurrentApprovalsAreOneAfterTheOther() throws {
    let authority = federation.authority
    let requests = try (0..<24).map { index in
      try IdentityFolder("\(federation.root)/x\(index)")
        .makeRequest(for: federation.principal(.site, "x\(index)"))
    }
    // Neighbours, which run at the same time, ask for the same name.
    let successes = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 4 * requests.count) { iteration in
      let request = requests[iteration / 4]
      let issued = try? authority.approve(
        request, fingerprint: request.fingerprint.hex, now: TestFederation.now)
      if issued != nil { successes.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(successes.load(ordering: .relaxed) == requests.count)
    let approved = try authority.list().map(\.entry.principal.name)
    #expect(approved.sorted() == requests.map(\.principal.name).sorted())
  }

  /// `flock` of util-linux holds the lock from a process of its own.
  @Test(.enabled(if: Tool.flock != nil, "needs the command 'flock' on PATH"))
  func anotherProcessIsRespected() throws {
    let request = try IdentityFolder(federation.root + "/x")
      .makeRequest(for: federation.principal(.site, "x"))
    let holder = try Tool.start(
      #require(Tool.flock), [federation.registerPath, "sh", "-c", "echo held; read line"])
    #expect(try holder.firstLine() == "held")
    var authority = federation.authority
    func approve() throws {
      _ = try authority.approve(
        request, fingerprint: request.fingerprint.hex, now: TestFederation.now)
    }
    authority.patience = .zero
    expectError(.inputOutput, naming: federation.registerPath, "another process") { try approve() }
    // Reading needs no lock.
    #expect(try authority.list().isEmpty)
    try holder.release()
    authority.patience = .seconds(60)
    try approve()
    #expect(try authority.list().count == 1)
    holder.process.waitUntilExit()
  }

  @Test func damagedRegistersAreErrorsOrShorter() throws {
    for name in ["a", "b", "c"] { try federation.member(.site, name) }
    _ = try federation.authority.revoke("b", reason: "test", now: now)
    let path = federation.root + "/damaged.jsonl"
    let good = try federation.bytes(federation.registerPath)
    var mutator = Mutator(seed: 5)
    var failures = 0
    for _ in 0..<2000 {
      try federation.write(mutator.mutate(good), to: path)
      do {
        _ = try Revocations(path: path)
      } catch let error as ZorBAError {
        failures += 1
        #expect(error.code == .invalidData)
        #expect(error.location.file == path)
      }
    }
    #expect(failures > 1000)
  }
}
