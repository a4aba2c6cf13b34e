import Testing
import ZorBA
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAWire

@testable import ZorBACoordinator

/// What a site that has every round gets of the rest.
@Suite(.serialized, .timeLimit(.minutes(2))) struct JournalTailTests {
  /// Where a run was taken back, its sites may stand just before the marker that says so.
  @Test func recordsAfterTheLastRoundAreAtHand() throws {
    let federation = try LoopbackFederation { $0.rounds = 6 }
    let path = federation.folder.path("branch.zorba")
    let writer = try JournalWriter.branch(
      from: try federation.simulate().journalPath, at: 4, to: path, configuration: [:])
    var chains: [Digest128] = []
    let reader = try JournalReader(path: path)
    while let entry = try reader.next() { chains.append(entry.chain) }
    let end = try #require(chains.last)
    let tail = try JournalTail(endOfJournalAt: path)
    // The marker is the last record, the last round the one before it.
    let beforeMarker = chains[chains.count - 2]
    let missing = try #require(tail.messages(after: beforeMarker.bytes, end: end))
    #expect(missing.map(\.record.type) == [5])
    #expect(missing[0].record.chain == end.leadingWord)
    #expect(tail.messages(after: end.bytes, end: end)?.isEmpty == true)
    // Rounds are fetched from the journal itself.
    #expect(tail.messages(after: chains[chains.count - 3].bytes, end: end) == nil)
    _ = writer
  }
}
