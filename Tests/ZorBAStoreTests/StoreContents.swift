import ZorBAStore

/// Everything a store holds, as plain values: what the tests compare, and their model of a store.
struct StoreContents: Equatable {
  struct Round: Equatable {
    var round: StoredRound
    /// By the names of their sites.
    var results: [StoredResult]
  }

  struct Run: Equatable {
    var run: StoredRun
    /// By number.
    var sites: [StoredSite] = []
    var rounds: [Round] = []
    /// By round, split and site.
    var evaluations: [StoredEvaluation] = []
    /// By round.
    var snapshots: [StoredSnapshot] = []
  }

  var runs: [Run] = []
  /// Oldest first.
  var events: [StoredEvent] = []

  init() {}

  /// Reads a store through every function that reads.
  init(_ store: CoordinatorStore) throws {
    for run in try store.runs() {
      var contents = Run(run: run)
      contents.sites = try store.sites(ofRun: run.name)
      try store.forEachRound(ofRun: run.name) { round in
        contents.rounds.append(
          Round(
            round: round, results: try store.results(ofRound: round.number, ofRun: run.name)))
      }
      contents.evaluations = try store.evaluations(ofRun: run.name)
      contents.snapshots = try store.snapshots(ofRun: run.name)
      _ = try store.totals(ofRun: run.name)
      _ = try store.lastRound(ofRun: run.name)
      runs.append(contents)
    }
    var filter = EventFilter()
    while true {
      let page = try store.events(matching: filter, limit: 7)
      events.insert(contentsOf: page.reversed(), at: 0)
      guard let oldest = page.last else { return }
      filter.before = oldest.id
    }
  }
}
