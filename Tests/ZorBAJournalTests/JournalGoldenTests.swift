import Testing
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Journals of format 1 written by Tools/optimization_goldens.py, which shares no code with ours: one
/// as the format began, one that has a plan with windows too.
@Suite struct JournalGoldenTests {
  private func path(_ hasWindows: Bool) -> String {
    URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Goldens/version1\(hasWindows ? "-windows" : "").zorba")
      .path(percentEncoded: false)
  }

  private static let windowedPlan = JournalRecord.plan(
    PlanRecord(
      firstRound: 1, window: 300,
      cycle: [
        [.init(client: 2, blocks: [0, 1])],
        [.init(client: 1, blocks: [1]), .init(client: 2, blocks: [2])],
      ]))

  private func records(_ hasWindows: Bool) throws -> [JournalRecord] {
    var records = try records()
    if hasWindows { records.insert(Self.windowedPlan, at: 1) }
    return records
  }

  private func records() throws -> [JournalRecord] {
    func digest(_ first: UInt8) -> Digest128 { Digest128(prefixOf: first..<first + 16) }
    return [
      .plan(
        PlanRecord(
          firstRound: 1,
          cycle: [
            [.init(client: 1, blocks: [1, 2]), .init(client: 2, blocks: [2])],
            [.init(client: 1, blocks: [0, 2])],
          ])),
      .round(
        try CommittedRound(
          number: 1, learningRate: 0.5, directions: 1, participants: [1, 2],
          coefficients: .shared([
            .init(block: 1, values: [0.25]), .init(block: 2, values: [-1.5]),
          ]))),
      .round(
        try CommittedRound(
          number: 300, learningRate: 0.25, directions: 3, steps: 2, decay: 0.75,
          participants: [1, 2, 700],
          coefficients: .shared([
            .init(block: 0, values: [1, 2, 3, 4, 5, 6]),
            .init(block: 2, values: [-1, -2, -3, -4, -5, -6]),
          ]))),
      .digest(
        DigestCheckpoint(
          round: 300,
          entries: [.init(block: 0, digest: digest(0)), .init(block: 2, digest: digest(16))])),
      .ancillary(type: 200, payload: Array("signature".utf8)),
      .end(EndMarker(round: 300, reason: "enough: ½")),
      .branch(BranchMarker(round: 300, configuration: ["rounds": 20])),
      .round(
        try CommittedRound(
          number: 301, learningRate: 0.125, directions: 1, participants: [4_000_000_000],
          coefficients: .shared([.init(block: 1, values: [Float.leastNonzeroMagnitude])]))),
    ]
  }

  @Test(arguments: [false, true]) func formatOneStillReads(_ hasWindows: Bool) throws {
    let path = path(hasWindows)
    let reader = try JournalReader(path: path)
    #expect(reader.header.schedule.runKey == RunKey(seed: 7))
    #expect(reader.header.schedule.seeding == .shared)
    #expect(reader.header.schedule.distribution == .popcount)
    #expect(reader.header.model.family == "opt")
    #expect(reader.header.model.blocks.map { $0.map(\.name) } == [["embed"], ["w"], ["w"]])
    #expect(reader.header.model.blocks.map { $0.map(\.shape) } == [[[5, 4]], [[4]], [[]]])
    #expect(
      reader.header.configuration.serialized
        == #"{"rounds": 9, "method": {"mu": 0.001}, "note": "Zürich \"1\"\n"}"#)
    #expect(try SampleJournal.read(path).entries.map(\.record) == records(hasWindows))
  }

  @Test(arguments: [false, true]) func weWriteFormatOneToTheByte(_ hasWindows: Bool) throws {
    let path = path(hasWindows)
    let folder = try TemporaryFolder()
    let copy = folder.path("copy.zorba")
    let writer = try JournalWriter.create(
      at: copy, header: try JournalReader(path: path).header)
    for record in try records(hasWindows) { try writer.append(record) }
    #expect(try TemporaryFolder.read(copy) == TemporaryFolder.read(path))
  }

  @Test func summaryCountsEverything() throws {
    let path = path(true)
    let summary = try JournalSummary(path: path)
    #expect(summary.recordCount == 10)
    #expect(summary.roundCount == 3)
    #expect(summary.lastRound == 301)
    #expect(summary.coefficientCount == 2 + 12 + 1)
    #expect(summary.planCount == 2)
    #expect(summary.branchCount == 1)
    #expect(summary.ancillaryCount == 1)
    #expect(summary.blockDigests.keys.sorted() == [0, 2])
    #expect(summary.blockDigests[2]?.round == 300)
    #expect(summary.end == nil)
    #expect(summary.tornByteCount == 0)
    #expect(summary.byteCount == (try TemporaryFolder.read(path).count))
  }
}
