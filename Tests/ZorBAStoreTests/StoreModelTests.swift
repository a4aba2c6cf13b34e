import Testing
import ZorBAStore

/// Random sequences of operations leave a store and a plain model of it in the same state.
@Suite struct StoreModelTests {
  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func agreesWithModelInMemory(seed: UInt64) throws {
    var modelled = ModelledStore(try .inMemory(), seed: seed)
    for step in 0..<200 {
      try modelled.step()
      if step % 10 == 0 { try #require(try StoreContents(modelled.store) == modelled.model) }
    }
    #expect(modelled.model.runs.count == 4)
    #expect(modelled.refusals > 10)
  }

  @Test func agreesWithModelAcrossRestarts() throws {
    let folder = try TemporaryFolder()
    var modelled = ModelledStore(try folder.open(), seed: 99)
    for step in 0..<120 {
      try modelled.step()
      if step % 15 == 0 {
        try modelled.store.close()
        modelled.store = try folder.open()
        try #require(try StoreContents(modelled.store) == modelled.model)
      }
    }
    try modelled.store.verify()
  }

  @Test func totalsAreSumsOverRounds() throws {
    let store = try CoordinatorStore.inMemory()
    var random = RandomValues(seed: 5)
    try store.create(random.run("a"))
    var expected = RoundTotals()
    for number in 1...230 {
      var round = random.round(number)
      round.seconds = 0.25
      try store.record(round, results: [], ofRun: "a")
      expected.rounds += 1
      expected.seconds += round.seconds
      expected.bytesUp += round.bytesUp
      expected.bytesDown += round.bytesDown
      expected.wireReceived += round.wireReceived
      expected.wireSent += round.wireSent
    }
    #expect(try store.totals(ofRun: "a") == expected)
    #expect(try store.rounds(ofRun: "a", from: 17, limit: 3).map(\.number) == [17, 18, 19])
    #expect(try store.round(230, ofRun: "a")?.number == 230)
    #expect(try store.round(231, ofRun: "a") == nil)
    var seen: [Int] = []
    // The store may be used from within.
    try store.forEachRound(ofRun: "a", from: 100) { round in
      seen.append(try store.round(round.number, ofRun: "a")?.number ?? 0)
    }
    #expect(seen == Array(100...230))
  }
}
