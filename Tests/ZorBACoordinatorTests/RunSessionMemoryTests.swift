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
    func unmask(_ specification: String, _ survivors: [Int], round: Int, run: String) throws {
      try memory(specification).unmask(
        survivors, round: round, minimum: 3, federation: federation, run: run)
    }
    let mark = SessionMark(round: 4, attempt: 2)
    try memory("aa").remember(mark, federation: federation, run: "trial@5")
    try unmask("aa", [0, 1, 2, 3], round: 4, run: "trial@5")
    #expect(try memory("aa").latest(federation: federation, run: "trial@5") == mark)

    // The same run under another name.
    #expect(try memory("aa").latest(federation: federation, run: "renamed@5") == mark)
    for stale in ["renamed@4", "trial@4"] {
      let error = #expect(throws: ZorBAError.self) {
        try memory("aa").latest(federation: federation, run: stale)
      }
      #expect(error?.code == .refused)
    }
    let difference = #expect(throws: ZorBAError.self) {
      try unmask("aa", [0, 1, 2], round: 4, run: "renamed@6")
    }
    #expect(difference?.code == .refused)
    #expect(throws: ZorBAError.self) { try unmask("aa", [0, 1, 2, 3], round: 3, run: "other@6") }

    // Another run under the same name.
    #expect(try memory("bb").latest(federation: federation, run: "trial@5") == mark)
    #expect(throws: ZorBAError.self) { try unmask("bb", [0, 1, 2], round: 4, run: "trial@5") }

    // Another run of another name.
    #expect(try memory("cc").latest(federation: federation, run: "fresh@1") == nil)
    try unmask("cc", [0, 1, 2], round: 4, run: "fresh@1")
  }
}
