import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBASitePolicy

@Suite struct GateTests {
  private let folder: TemporaryFolder
  private let ledgerDisk = FailingDisk()
  private let logDisk = FailingDisk()

  init() throws { folder = try TemporaryFolder() }

  private func gate(_ text: PolicyText = PolicyText()) throws -> SiteGate {
    SiteGate(
      policy: try text.policy(),
      ledger: try SiteLedger(folder: folder.path, calls: ledgerDisk.calls),
      log: try SentLog(path: "\(folder.path)/sent.jsonl", keepMiB: 1, calls: logDisk.calls))
  }

  private func line(_ kind: MessageKind, bytes: Int, round: Int? = 5) -> SentLine {
    SentLine(
      time: .monday, run: RunFacts.fitting.name, round: round, kind: kind, fields: JSONObject(),
      payload: [UInt8](repeating: 0, count: bytes))
  }

  private func logged() throws -> Int {
    try folder.read("sent.jsonl").count { $0 == UInt8(ascii: "\n") }
  }

  private func counted() throws -> SiteUsage {
    try #require(try SiteLedger.usage(inFolder: folder.path, at: .monday))
  }

  @Test func nothingIsAnsweredBeforeItsRunIsAdmitted() throws {
    let gate = try gate()
    let answer = line(.result, bytes: 9)
    #expect(try gate.release(answer, on: .round(.fitting)).rank == 0)
    #expect(gate.admit(run: .fitting).isAllowed)
    #expect(gate.admit(.round(.fitting), run: "another").rank == 0)
    #expect(gate.admit(.round(.fitting), run: answer.run).isAllowed)
    #expect(try gate.release(answer, on: .round(.fitting)).isAllowed)
    #expect(gate.admit(run: .fitting.with { $0.cohort = 1 }).rank == 0)
    #expect(try gate.release(answer, on: .round(.fitting)).rank == 0)
    #expect(try logged() == 1)
    #expect(try counted().rounds == 1)
  }

  @Test func theSizeIsThePayloads() throws {
    let gate = try gate()
    _ = gate.admit(run: .fitting)
    #expect(try gate.release(line(.result, bytes: 4000), on: .round(.fitting)).isAllowed)
    let verdict = try gate.release(line(.evaluation, bytes: 97), on: .evaluation(.fitting))
    #expect(verdict.refusal?.key == .payloadPerRound)
    #expect(try gate.release(line(.evaluation, bytes: 96), on: .evaluation(.fitting)).isAllowed)
    #expect(try counted().bytesToday == 4096)
    #expect(try counted().rounds == 1)
  }

  /// An update counts with every byte, though only what declares it is written down, and counts again
  /// when it is sent again.
  @Test func updatesAreCountedBeforeTheyLeave() throws {
    let gate = try gate(
      PolicyText().with(.updatesAllowed, "true").with(.payloadPerRound, "any"))
    _ = gate.admit(run: .fitting)
    var facts = RoundFacts.fitting
    facts.updateBytes = 900
    var update = line(.update, bytes: 20)
    update.updateBytes = 900
    #expect(gate.admit(.round(facts), run: update.run).isAllowed)
    for _ in 1...2 { #expect(try gate.release(update, on: .round(facts)).isAllowed) }
    #expect(gate.admit(.round(facts), run: update.run).refusal?.key == .updateBytesPerRound)
    #expect(try gate.release(update, on: .round(facts)).refusal?.key == .updateBytesPerRound)
    #expect(try gate.release(update, on: .other(now: .monday)).rank == 0)
    #expect(try gate.release(line(.result, bytes: 9), on: .round(facts)).isAllowed)
    #expect(try logged() == 3)
    #expect(try counted().bytesToday == 2 * 920 + 9)
    let log = String(decoding: try folder.read("sent.jsonl"), as: UTF8.self)
    #expect(log.contains("\"kind\": \"update\", \"bytes\": 920"))
    // Another round begins at none.
    facts.round += 1
    #expect(gate.admit(.round(facts), run: update.run).isAllowed)
    // A later process goes on with the counts.
    let ledger = String(decoding: try folder.read(SiteLedger.fileName), as: UTF8.self)
    #expect(ledger.contains("\"round_update_bytes\": 1800"))
  }

  @Test func answersWithoutTheirOccasionStay() throws {
    let gate = try gate()
    _ = gate.admit(run: .fitting)
    for kind in [MessageKind.result, .update, .evaluation] {
      #expect(try gate.release(line(kind, bytes: 1), on: .other(now: .monday)).rank == 0)
    }
    #expect(try logged() == 0)
  }

  @Test func aSiteThatHasUsedUpItsBytesCanStillSaySo() throws {
    let gate = try gate(PolicyText().with(.payloadPerDay, "10"))
    #expect(try gate.release(line(.ready, bytes: 8), on: .other(now: .monday)).isAllowed)
    #expect(try gate.release(line(.stateDigest, bytes: 8), on: .other(now: .monday)).rank == 1)
    for kind in MessageKind.allCases where !kind.isLimited {
      #expect(
        try gate.release(line(kind, bytes: 50, round: nil), on: .other(now: .monday)).isAllowed)
    }
    #expect(try counted().bytesToday == 208)
    #expect(try logged() == 5)
  }

  @Test func whatCannotBeCountedOrWrittenDownDoesNotLeave() throws {
    let gate = try gate()
    _ = gate.admit(run: .fitting)
    ledgerDisk.failAfter(bytes: 0)
    #expect(throws: ZorBAError.self) {
      try gate.release(line(.result, bytes: 9), on: .round(.fitting))
    }
    #expect(try logged() == 0)
    ledgerDisk.failAfter(bytes: Int.max)
    logDisk.failAfter(bytes: 3)
    #expect(throws: ZorBAError.self) {
      try gate.release(line(.result, bytes: 9), on: .round(.fitting))
    }
    #expect(try logged() == 0)
    #expect(try counted().rounds == 2)
  }
}
