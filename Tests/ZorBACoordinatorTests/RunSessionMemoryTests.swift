import Testing
import ZorBADiagnostics
import ZorBASecureAggregation

@testable import ZorBASite

/// What a site remembers of secure sessions belongs to the run, whatever a coordinator calls it.
@Suite struct RunSessionMemoryTests {
  @Test func aNewNameForgetsNothing() throws {
    let folder = try TemporaryFolder()
    let federation = "hospitals"
    // Another process each time.
    func memory(_ specification: String) throws -> RunSessionMemory {
      RunSessionMemory(
        log: try SecureSessionLog(folder: folder.path), specification: specification)
    }
    let mark = SessionMark(round: 4, attempt: 2)
    try memory("aa").remember(mark, federation: federation, run: "trial@5")
    let signed = SignedSurvivors(round: 4, members: [0, 1, 2, 3])
    try memory("aa").rememberSigned(signed, federation: federation, run: "trial@5")
    #expect(try memory("aa").latest(federation: federation, run: "trial@5") == mark)

    // The same run under another name.
    #expect(try memory("aa").latest(federation: federation, run: "renamed@5") == mark)
    for stale in ["renamed@4", "trial@4"] {
      let error = #expect(throws: ZorBAError.self) {
        try memory("aa").latest(federation: federation, run: stale)
      }
      #expect(error?.code == .refused)
    }
    #expect(try memory("aa").signed(federation: federation, run: "renamed@6") == signed)

    // Another run under the same name.
    #expect(try memory("bb").latest(federation: federation, run: "trial@5") == mark)
    #expect(try memory("bb").signed(federation: federation, run: "trial@5") == signed)

    // Another run of another name.
    #expect(try memory("cc").latest(federation: federation, run: "fresh@1") == nil)
    #expect(try memory("cc").signed(federation: federation, run: "fresh@1") == nil)
  }
}
