import Testing
import ZorBADiagnostics
import ZorBASecureAggregation
import ZorBASitePolicy
import ZorBATestSupport

@testable import ZorBACoordinator
@testable import ZorBASite

/// What a site remembers of secure sessions, and refuses because of it.
@Suite struct SecureSessionLogTests {
  private let federation = "hospitals"

  @Test func nothingIsAgreedToTwice() throws {
    let folder = try TemporaryFolder()
    var log = try SecureSessionLog(folder: folder.path)
    #expect(try log.latest(federation: federation, run: "trial@5") == nil)
    try log.remember(.init(round: 4, attempt: 2), federation: federation, run: "trial@5")
    // Another process finds it.
    log = try SecureSessionLog(folder: folder.path)
    #expect(
      try log.latest(federation: federation, run: "trial@5") == .init(round: 4, attempt: 2))
    #expect(try log.latest(federation: federation, run: "other@5") == nil)
    #expect(try log.latest(federation: "others", run: "trial@5") == nil)
    // A later stretch begins anew; after it, an earlier one is over.
    #expect(try log.latest(federation: federation, run: "trial@6") == nil)
    try log.remember(.init(round: 1, attempt: 1), federation: federation, run: "trial@6")
    let error = #expect(throws: ZorBAError.self) {
      try log.latest(federation: federation, run: "trial@5")
    }
    #expect(error?.code == .refused)
    #expect(throws: ZorBAError.self) { try log.latest(federation: federation, run: "trial") }
  }

  /// The list that was signed holds in every stretch of the run, and in another process.
  @Test func whatWasSignedIsKept() throws {
    let folder = try TemporaryFolder()
    func log() throws -> SecureSessionLog { try SecureSessionLog(folder: folder.path) }
    #expect(try log().signed(federation: federation, run: "trial@5") == nil)
    let signed = SignedSurvivors(round: 7, members: [0, 1, 2, 3])
    try log().rememberSigned(signed, federation: federation, run: "trial@5")
    #expect(try log().signed(federation: federation, run: "trial@6") == signed)
    #expect(try log().signed(federation: federation, run: "other@6") == nil)
    // Agreeing to another session forgets nothing.
    try log().remember(.init(round: 7, attempt: 2), federation: federation, run: "trial@6")
    #expect(try log().signed(federation: federation, run: "trial@6") == signed)
    let next = SignedSurvivors(round: 8, members: [1, 2, 3])
    try log().rememberSigned(next, federation: federation, run: "trial@6")
    #expect(try log().signed(federation: federation, run: "trial@6") == next)
  }

  /// A file that is no such file is an error, and never a file of nothing.
  @Test func damageIsRefused() throws {
    let folder = try TemporaryFolder()
    let file = SecureSessionFile(folder: folder.path)
    #expect(try file.read().isEmpty)
    let entries = [
      "f/trial": SecureSessionFile.Entry(
        epoch: 1_800_000_000, round: 9, attempt: 3,
        signed: .init(round: 8, survivors: [0, 4, 5])),
      "f/other": SecureSessionFile.Entry(epoch: 2, round: 1, attempt: 1),
    ]
    try file.write(entries)
    #expect(try file.read() == entries)
    let whole = try contents(of: file.path)
    var random = SeededGenerator(seed: 3)
    for length in 0..<whole.count - 1 {
      try folder.write(Array(whole[..<length]), to: SecureSessionFile.fileName)
      #expect(throws: ZorBAError.self) { try file.read() }
    }
    for _ in 0..<500 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = .random(in: 0...255, using: &random)
      }
      try folder.write(bytes, to: SecureSessionFile.fileName)
      do {
        _ = try file.read()
      } catch let error as ZorBAError {
        #expect(error.code == .refused)
      }
    }
  }

  @Test func epochsOnlyRise() {
    #expect(SecureEpoch.next(after: nil, now: 100) == 100)
    #expect(SecureEpoch.next(after: 50, now: 100) == 100)
    // A clock that went back.
    #expect(SecureEpoch.next(after: 200, now: 100) == 201)
    #expect(SecureEpoch.next(after: nil, now: 0) == 1)
  }
}

/// Who is asked of a group, as an assignment says it.
@Suite struct GroupBitsTests {
  @Test func bitsNameMembers() throws {
    let group = [1, 3, 4, 8, 9, 10, 20, 21, 30]
    #expect(try SecureOutline.members(of: group, bits: [], member: 4) == group)
    let asked = try SecureOutline.members(of: group, bits: [0b0000_0111, 1], member: 4)
    #expect(asked == [1, 3, 4, 30])
    for bits: [UInt8] in [[7], [7, 1, 0], [7, 2], [0, 0], [3, 0]] {
      #expect(throws: ZorBAError.self) {
        try SecureOutline.members(of: group, bits: bits, member: 4)
      }
    }
  }
}
