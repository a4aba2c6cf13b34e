import Testing
import ZorBAStore

/// What a coordinator that dies at any instant leaves on the disk is a state it had confirmed.
@Suite struct CrashTests {
  /// The files as they lie on the disk, the store being open.
  private func copy(_ folder: TemporaryFolder, log: (([UInt8]) -> [UInt8])? = nil) throws
    -> TemporaryFolder
  {
    let copy = try TemporaryFolder()
    try copy.write(try folder.read())
    let bytes = try folder.read("coordinator.sqlite-wal")
    try copy.write(log?(bytes) ?? bytes, to: "coordinator.sqlite-wal")
    return copy
  }

  @Test func everythingConfirmedIsInFilesAtOnce() throws {
    let folder = try TemporaryFolder()
    var modelled = ModelledStore(try folder.open(), seed: 7)
    for step in 0..<80 {
      try modelled.step()
      guard step % 8 == 7 else { continue }
      let left = try copy(folder)
      let reopened = try left.open()
      try #require(try StoreContents(reopened) == modelled.model)
      try reopened.verify()
    }
  }

  @Test func halfWrittenTransactionLeavesNoTrace() throws {
    let folder = try TemporaryFolder()
    var modelled = ModelledStore(try folder.open(), seed: 8)
    var generator = RandomValues(seed: 9)
    for _ in 0..<30 { try modelled.step() }
    for _ in 0..<20 {
      let left = try copy(folder) { log in
        log + (0..<generator.below(9000)).map { _ in UInt8(generator.below(256)) }
      }
      #expect(try StoreContents(left.open()) == modelled.model)
    }
  }

  /// A log cut anywhere gives back a state from before, never a mixture of two.
  @Test func cutLogGivesEarlierState() throws {
    let folder = try TemporaryFolder()
    let store = try folder.open()
    var random = RandomValues(seed: 10)
    var history = [StoreContents()]
    try store.create(random.run("a"))
    history.append(try StoreContents(store))
    let sites = (1...3).map { random.site($0) }
    try store.save(sites, ofRun: "a")
    for number in 1...30 {
      history.append(try StoreContents(store))
      let results = try sites.map { try random.result($0.name) }
      try store.record(random.round(number), results: results, ofRun: "a")
      history.append(try StoreContents(store))
      try store.append([random.event("a"), random.event("a")])
      history.append(try StoreContents(store))
      let activities = sites.map { ($0.name, random.activity()) }
      try store.update(Dictionary(uniqueKeysWithValues: activities), ofRun: "a")
    }
    history.append(try StoreContents(store))
    var found: Set<Int> = []
    for _ in 0..<60 {
      let left = try copy(folder) { log in Array(log.prefix(random.below(log.count + 1))) }
      let contents = try StoreContents(left.open())
      found.insert(try #require(history.firstIndex(of: contents), "a state that never was"))
    }
    #expect(found.count > 10)
  }
}
