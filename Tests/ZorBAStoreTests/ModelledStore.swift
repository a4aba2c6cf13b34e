import Testing
import ZorBADiagnostics
import ZorBAStore

/// A store beside a model of it in plain values; every operation is done to both.
struct ModelledStore {
  var store: CoordinatorStore
  var model = StoreContents()
  var random: RandomValues
  /// Events are counted here, since pruned ones keep their numbers.
  private var lastEvent = 0
  /// How often an operation was expected to be refused, and was.
  private(set) var refusals = 0

  init(_ store: CoordinatorStore, seed: UInt64) {
    self.store = store
    random = RandomValues(seed: seed)
  }

  /// One random operation; a third of them cannot succeed and must change nothing.
  mutating func step() throws {
    switch random.below(16) {
    case 0, 1: try createRun()
    case 2: try changeRun()
    case 3, 4: try saveSites()
    case 5: try changeSites()
    case 6, 7, 8, 9, 10: try recordRound()
    case 11: try deleteRounds()
    case 12: try recordEvaluations()
    case 13: try appendEvents()
    case 14: try changeSnapshots()
    default:
      let kept = random.below(30)
      try store.pruneEvents(keeping: kept)
      model.events = model.events.suffix(kept)
    }
  }

  private mutating func refused(_ body: (CoordinatorStore) throws -> Void) {
    let store = store
    let error = #expect(throws: ZorBAError.self) { try body(store) }
    #expect(error?.advice != nil)
    refusals += 1
  }

  /// A run by its place and name, or nil when there is none yet.
  private mutating func someRun() -> (Int, String)? {
    guard !model.runs.isEmpty else { return nil }
    let place = random.below(model.runs.count)
    return (place, model.runs[place].run.name)
  }

  private mutating func createRun() throws {
    let run = random.run("run.\(random.below(4))")
    if model.runs.contains(where: { $0.run.name == run.name }) {
      refused { try $0.create(run) }
    } else {
      try store.create(run)
      model.runs.append(.init(run: run))
    }
    #expect(try store.run(named: run.name) != nil)
    #expect(try store.run(named: "nobody") == nil)
  }

  private mutating func changeRun() throws {
    guard let (place, name) = someRun() else {
      return refused { try $0.setState(.failed, reason: "", ofRun: "run.0") }
    }
    let other = random.run(name)
    try store.setState(other.state, reason: other.reason, ofRun: name)
    try store.setOperatorPaused(other.operatorPaused, ofRun: name)
    model.runs[place].run.state = other.state
    model.runs[place].run.reason = other.reason
    model.runs[place].run.operatorPaused = other.operatorPaused
  }

  private mutating func saveSites() throws {
    guard let (place, name) = someRun() else { return }
    let numbers = Set((0..<1 + random.below(3)).map { _ in 1 + random.below(5) })
    let sites = numbers.sorted().map { random.site($0) }
    if random.chance(0.2), let known = model.runs[place].sites.first {
      var renumbered = random.site(9)
      renumbered.name = known.name
      return refused { try $0.save(sites + [renumbered], ofRun: name) }
    }
    try store.save(sites, ofRun: name)
    for site in sites {
      model.runs[place].sites.removeAll { $0.number == site.number }
      model.runs[place].sites.append(site)
    }
    model.runs[place].sites.sort { $0.number < $1.number }
  }

  private mutating func changeSites() throws {
    guard let (place, name) = someRun() else { return }
    var activities: [String: SiteActivity] = [:]
    for site in model.runs[place].sites where random.chance(0.7) {
      activities[site.name] = random.activity()
    }
    if random.chance(0.3) {
      let strange = activities.merging(["stranger": SiteActivity()]) { old, _ in old }
      return refused { try $0.update(strange, ofRun: name) }
    }
    try store.update(activities, ofRun: name)
    for index in model.runs[place].sites.indices {
      let site = model.runs[place].sites[index]
      model.runs[place].sites[index].activity = activities[site.name] ?? site.activity
    }
    guard let site = model.runs[place].sites.first else { return }
    try store.setState(.quarantined, reason: "digest", ofSite: site.name, ofRun: name)
    model.runs[place].sites[0].state = .quarantined
    model.runs[place].sites[0].reason = "digest"
    #expect(try store.site(named: site.name, ofRun: name) == model.runs[place].sites[0])
  }

  private mutating func recordRound() throws {
    guard let (place, name) = someRun() else { return }
    let last = model.runs[place].rounds.last
    if let last, random.chance(0.3) {
      // Once more, later: nothing happens. With other content: refused.
      var again = last.round
      again.committedAt += 1
      let results = Array(last.results.reversed())
      #expect(try !store.record(again, results: results, ofRun: name))
      again.attempt += 1
      return refused { [again] in try $0.record(again, results: results, ofRun: name) }
    }
    let round = random.round((last?.round.number ?? 0) + 1 + random.below(2))
    var results: [StoredResult] = []
    for site in model.runs[place].sites where random.chance(0.8) {
      results.append(try random.result(site.name))
    }
    if random.chance(0.2) {
      let strange = try results + [random.result("stranger")]
      return refused { try $0.record(round, results: strange, ofRun: name) }
    }
    #expect(try store.record(round, results: results.shuffled(), ofRun: name))
    model.runs[place].rounds.append(
      .init(round: round, results: results.sorted { $0.site < $1.site }))
    if random.chance(0.2), round.number > 1, last?.round.number != round.number - 1 {
      let early = random.round(round.number - 1)
      refused { try $0.record(early, results: [], ofRun: name) }
    }
  }

  private mutating func deleteRounds() throws {
    guard let (place, name) = someRun() else { return }
    let last = max(0, (model.runs[place].rounds.last?.round.number ?? 0) - random.below(3))
    let gone = try store.deleteRounds(after: last, ofRun: name)
    #expect(gone == model.runs[place].snapshots.filter { $0.round > last })
    model.runs[place].rounds.removeAll { $0.round.number > last }
    model.runs[place].evaluations.removeAll { $0.round > last }
    model.runs[place].snapshots.removeAll { $0.round > last }
    for index in model.runs[place].sites.indices {
      let round = model.runs[place].sites[index].activity.lastRound
      model.runs[place].sites[index].activity.lastRound = min(round, last)
    }
  }

  private mutating func recordEvaluations() throws {
    guard let (place, name) = someRun() else { return }
    let sites: [String?] = [nil] + model.runs[place].sites.map(\.name)
    let round = random.below(6)
    for site in sites where random.chance(0.5) {
      let evaluation = random.evaluation(round, site: site)
      let stored = model.runs[place].evaluations.first {
        ($0.round, $0.split, $0.site ?? "")
          == (evaluation.round, evaluation.split, evaluation.site ?? "")
      }
      if let stored, stored != evaluation {
        try store.record([stored], ofRun: name)
        refused { try $0.record([evaluation], ofRun: name) }
      } else if stored == nil {
        try store.record([evaluation, evaluation], ofRun: name)
        model.runs[place].evaluations.append(evaluation)
      }
    }
    model.runs[place].evaluations.sort {
      ($0.round, $0.split, $0.site ?? "") < ($1.round, $1.split, $1.site ?? "")
    }
    let tests = try store.evaluations(ofRun: name, split: "test", from: 2, limit: 3)
    let expected = model.runs[place].evaluations.filter { $0.split == "test" && $0.round >= 2 }
    #expect(tests == Array(expected.prefix(3)))
  }

  private mutating func appendEvents() throws {
    var events = (0..<random.below(6)).map { _ in random.event("run.0") }
    try store.append(events)
    for index in events.indices {
      lastEvent += 1
      events[index].id = lastEvent
    }
    model.events += events
    let filter = EventFilter(run: "run.0", site: "site-1", round: 3, kind: "site.joined")
    let found = try store.events(matching: filter, limit: 4)
    let matching = model.events.reversed().filter {
      $0.run == "run.0" && $0.site == "site-1" && $0.round == 3 && $0.kind == "site.joined"
    }
    #expect(found == Array(matching.prefix(4)))
  }

  private mutating func changeSnapshots() throws {
    guard let (place, name) = someRun() else { return }
    let snapshot = StoredSnapshot(
      round: random.below(10), folder: random.text(), bytes: random.count())
    let present = model.runs[place].snapshots.contains { $0.round == snapshot.round }
    model.runs[place].snapshots.removeAll { $0.round == snapshot.round }
    if random.chance(0.4) {
      #expect(try store.removeSnapshot(ofRound: snapshot.round, ofRun: name) == present)
    } else {
      try store.add(snapshot, ofRun: name)
      model.runs[place].snapshots.append(snapshot)
      model.runs[place].snapshots.sort { $0.round < $1.round }
    }
  }
}
