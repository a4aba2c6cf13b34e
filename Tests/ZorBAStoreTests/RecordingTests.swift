import Testing
import ZorBADiagnostics
import ZorBAStore

/// What goes into a store is checked before it does, and values come back as they went.
@Suite struct RecordingTests {
  private func store() throws -> CoordinatorStore {
    let store = try CoordinatorStore.inMemory()
    try SampleStore.fill(store)
    return store
  }

  private func expectRefused(
    _ field: String, _ body: (CoordinatorStore) throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let store = try store()
    let error = #expect(throws: ZorBAError.self, sourceLocation: sourceLocation) {
      try body(store)
    }
    #expect(error?.location.field == field, sourceLocation: sourceLocation)
    #expect(try StoreContents(store) == SampleStore.contents(), sourceLocation: sourceLocation)
  }

  @Test func sampleComesBackAsItWent() throws {
    #expect(try StoreContents(store()) == SampleStore.contents())
  }

  @Test(arguments: [
    "", "-a", ".a", "A", "a b", "ä", "a\0", "a/b", String(repeating: "a", count: 64), "a\n",
  ])
  func refusesNames(name: String) throws {
    let run = StoredRun(name: name, folder: "f", configuration: "", createdAt: 0)
    try expectRefused("run.name") { try $0.create(run) }
    let site = StoredSite(name: name, number: 3)
    try expectRefused("site.name") { try $0.save([site], ofRun: "flowers") }
    try expectRefused("event.kind") { try $0.append([.init(time: 0, kind: name, text: "")]) }
    try expectRefused("evaluation.split") { store in
      let evaluation = StoredEvaluation(round: 1, split: name, examples: 1, loss: 1)
      try store.record([evaluation], ofRun: "flowers")
    }
    try expectRefused("run") { try $0.setState(.failed, reason: "", ofRun: name) }
    try expectRefused("site") {
      try $0.setState(.left, reason: "", ofSite: name, ofRun: "flowers")
    }
  }

  @Test func acceptsLongestNames() throws {
    let store = try store()
    for name in ["a", "0._-", String(repeating: "z", count: 63)] {
      try store.create(.init(name: name, folder: "f", configuration: "", createdAt: 0))
      #expect(try store.run(named: name)?.name == name)
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func refusesNumbersThatAreNotFinite(value: Double) throws {
    let round = try #require(try SampleStore.contents().runs[0].rounds.last).round
    func refuse(_ field: String, _ change: (inout StoredRound) -> Void) throws {
      var changed = round
      changed.number = 3
      change(&changed)
      try expectRefused("round.\(field)") { [changed] in
        try $0.record(changed, results: [], ofRun: "flowers")
      }
    }
    try refuse("loss") { $0.loss = value }
    try refuse("seconds") { $0.seconds = value }
    try refuse("committed_at") { $0.committedAt = value }
    try expectRefused("result.loss") { store in
      var next = round
      next.number = 3
      let result = StoredResult(
        site: "site-a", scalars: try ScalarBlob([1]), examples: 1, loss: value, seconds: 1)
      try store.record(next, results: [result], ofRun: "flowers")
    }
    try expectRefused("result.accepted") { store in
      var next = round
      next.number = 3
      let result = StoredResult(
        site: "site-a", scalars: try ScalarBlob([Float(value)]), examples: 1, loss: 1, seconds: 1)
      try store.record(next, results: [result], ofRun: "flowers")
    }
    try expectRefused("event.time") { try $0.append([.init(time: value, kind: "a", text: "")]) }
    try expectRefused("site.last_seen") {
      try $0.update(["site-a": SiteActivity(lastSeen: value)], ofRun: "flowers")
    }
    try expectRefused("evaluation.accuracy") { store in
      let evaluation = StoredEvaluation(
        round: 1, split: "test", examples: 1, loss: 1, accuracy: value)
      try store.record([evaluation], ofRun: "flowers")
    }
  }

  @Test func refusesCountsBelowTheirLeast() throws {
    try expectRefused("site.answers") {
      try $0.update(["site-a": SiteActivity(answers: -1)], ofRun: "flowers")
    }
    try expectRefused("site.number") {
      try $0.save([StoredSite(name: "site-c", number: 0)], ofRun: "flowers")
    }
    try expectRefused("snapshot.bytes") {
      try $0.add(StoredSnapshot(round: 1, folder: "f", bytes: -1), ofRun: "flowers")
    }
    try expectRefused("round.number") { try $0.deleteRounds(after: -1, ofRun: "flowers") }
    try expectRefused("event.count") { try $0.pruneEvents(keeping: -1) }
  }

  @Test(arguments: ["", "[]", "{", "{}\n", "{}{}", "\0", #"{"a": 1, "a": 2}"#])
  func refusesTextThatIsNoJSONLine(text: String) throws {
    try expectRefused("event.detail") {
      try $0.append([.init(time: 0, kind: "a", text: "", detail: text)])
    }
    try expectRefused("site.costs") {
      try $0.save([.init(name: "site-a", number: 1, costs: text)], ofRun: "flowers")
    }
  }

  @Test func refusesTwoResultsOfOneSite() throws {
    let sample = try SampleStore.contents().runs[0].rounds[0]
    try expectRefused("result.site") { store in
      var round = sample.round
      round.number = 3
      try store.record(round, results: sample.results + sample.results, ofRun: "flowers")
    }
  }

  /// A peer's sentence never stops a write.
  @Test func longProseIsCut() throws {
    let store = try store()
    for (text, kept) in [
      (String(repeating: "é", count: 5000), String(repeating: "é", count: 1022) + "…"),
      (String(repeating: "x", count: 2048), String(repeating: "x", count: 2048)),
      ("a\0b", "a\u{FFFD}b"),
    ] {
      try store.setState(.failed, reason: text, ofRun: "flowers")
      #expect(try store.run(named: "flowers")?.reason == kept)
      try store.append([.init(time: 0, kind: "a", text: text)])
      #expect(try store.events(limit: 1).first?.text == kept)
    }
  }

  @Test func knownRoundWithOtherContentIsRefused() throws {
    let sample = try SampleStore.contents().runs[0].rounds[1]
    let store = try store()
    #expect(try !store.record(sample.round, results: sample.results, ofRun: "flowers"))
    try expectRefused("round.number") { store in
      var results = sample.results
      results[0].scalars = try ScalarBlob([.nan])
      try store.record(sample.round, results: results, ofRun: "flowers")
    }
    try expectRefused("round.number") {
      try $0.record(sample.round, results: [], ofRun: "flowers")
    }
  }
}
