import Testing
import ZorBAStore

/// Reads from many tasks see whole rounds while another task writes them.
@Suite struct ConcurrencyTests {
  @Test func readersSeeWholeRoundsInOrder() async throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var random = RandomValues(seed: 31)
    try store.create(random.run("a"))
    let sites = (1...5).map { random.site($0) }
    try store.save(sites, ofRun: "a")
    let rounds = try (1...60).map { number in
      try (random.round(number), sites.map { try random.result($0.name) })
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for (round, results) in rounds { try store.record(round, results: results, ofRun: "a") }
      }
      for _ in 0..<3 {
        group.addTask {
          var seen = 0
          while seen < rounds.count {
            let last = try store.lastRound(ofRun: "a")
            #expect(last >= seen)
            #expect(try store.totals(ofRun: "a").rounds >= last)
            if last > 0 {
              #expect(try store.results(ofRound: last, ofRun: "a") == rounds[last - 1].1)
            }
            seen = last
            try Task.checkCancellation()
            await Task.yield()
          }
        }
      }
      // The first failure ends the others.
      for try await _ in group {}
    }
  }
}
