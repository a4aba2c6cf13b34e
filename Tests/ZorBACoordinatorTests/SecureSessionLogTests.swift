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

  /// Two sums of one round may be over the same sites or differ by enough of them, in any stretch.
  @Test func differencesOfSumsAreRefused() throws {
    let folder = try TemporaryFolder()
    func unmask(_ survivors: [Int], round: Int, run: String = "trial@5") throws {
      try SecureSessionLog(folder: folder.path).unmask(
        survivors, round: round, minimum: 3, federation: federation, run: run)
    }
    try unmask([0, 1, 2, 3], round: 7)
    try unmask([0, 1, 2, 3], round: 7, run: "trial@6")
    for other in [[0, 1, 2], [0, 1, 2, 3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4, 5]] {
      let error = #expect(throws: ZorBAError.self) {
        try unmask(other, round: 7, run: "trial@6")
      }
      #expect(error?.code == .refused)
    }
    // Lists that are whole classes of each other tell no less than a class.
    try unmask([0, 1, 2, 3, 4, 5, 6], round: 7)
    let all = #expect(throws: ZorBAError.self) { try unmask([0, 1, 2, 4, 5, 6], round: 7) }
    #expect(all?.message.contains("summed before") == true)
    // Another round gives other answers; an earlier one is never summed again, in any stretch.
    try unmask([0, 1, 2], round: 8)
    for round in [1, 7] {
      let back = #expect(throws: ZorBAError.self) {
        try unmask([0, 1, 2, 3], round: round, run: "trial@9")
      }
      #expect(back?.message.contains("a sum of round 8 was told") == true)
    }
  }

  /// A file that is no such file is an error, and never a file of nothing.
  @Test func damageIsRefused() throws {
    let folder = try TemporaryFolder()
    let file = SecureSessionFile(folder: folder.path)
    #expect(try file.read().isEmpty)
    let entries = [
      "f/trial": SecureSessionFile.Entry(
        epoch: 1_800_000_000, round: 9, attempt: 3,
        unmasked: .init(round: 8, sums: [[0, 4, 5], [1, 2, 3]])),
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
