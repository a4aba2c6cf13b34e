import ZorBAStore

/// The content of every schema fixture: a little of everything, the same for all versions.
///
/// What a later version adds gets the value here that its migration gives old rows.
enum SampleStore {
  static func contents() throws -> StoreContents {
    var contents = StoreContents()
    contents.runs = [try running(), StoreContents.Run(run: waiting)]
    contents.events = [
      StoredEvent(id: 1, time: 1_700_000_000.5, kind: "server.started", text: "Started"),
      StoredEvent(
        id: 2, time: 1_700_000_009, run: "flowers", site: "site-b", round: 2,
        kind: "result.rejected", text: "site-b answered something that is no number",
        detail: #"{"scalar": 1, "limit": 100}"#),
    ]
    return contents
  }

  private static let waiting = StoredRun(
    name: "birds-2", folder: "runs/birds-2", configuration: "model: m\n", createdAt: 1_700_000_100)

  private static func running() throws -> StoreContents.Run {
    var run = StoreContents.Run(
      run: StoredRun(
        name: "flowers", state: .paused, reason: "an operator's wish; 'später'",
        folder: "runs/flowers", configuration: "model: m\ndata:\n  train: [a, b]\n",
        createdAt: 1_700_000_000, operatorPaused: true))
    run.sites = [
      StoredSite(
        name: "site-a", number: 1, state: .ready, examples: 1200,
        costs: #"{"forward": 0.25, "blocks": [1, 2]}"#, budgetBytes: 8_589_934_592,
        activity: SiteActivity(
          lastRound: 2, secondsPerRound: 1.5, answers: 2, misses: 0, bytesReceived: 3000,
          bytesSent: 5000, lastSeen: 1_700_000_010.25)),
      StoredSite(
        name: "site-b", number: 2, state: .quarantined, reason: "its weights differ",
        activity: SiteActivity(lastRound: 1, answers: 1, misses: 1)),
    ]
    run.rounds = [
      .init(
        round: StoredRound(
          number: 1, seconds: 2.5, loss: 0.693, coveredBlocks: 24, bytesUp: 200, bytesDown: 400,
          wireReceived: 900, wireSent: 1100, metrics: #"{"round": 1, "loss": 0.693}"#,
          committedAt: 1_700_000_004),
        results: [
          StoredResult(
            site: "site-a", scalars: try ScalarBlob([0.5, -1e-7]), examples: 1200, loss: 0.7,
            seconds: 1.25, peakMemoryMiB: 2048),
          StoredResult(
            site: "site-b", scalars: try ScalarBlob([0.25, 2]), examples: 800, loss: 0.68,
            seconds: 2),
        ]),
      .init(
        round: StoredRound(
          number: 2, attempt: 3, seconds: 4, loss: 0.65, coveredBlocks: 12, bytesUp: 100,
          bytesDown: 400, wireReceived: 700, wireSent: 1000, metrics: #"{"round": 2}"#,
          committedAt: 1_700_000_009.125),
        results: [
          StoredResult(
            site: "site-b", scalars: try ScalarBlob([.nan, .infinity]), examples: 800, loss: nil,
            seconds: 3, accepted: false, reason: "not a number")
        ]),
    ]
    run.evaluations = [
      StoredEvaluation(
        round: 0, split: "validation", examples: 300, loss: 0.71, accuracy: 0.5, macroF1: 0.4),
      StoredEvaluation(round: 2, split: "test", examples: 300, loss: 0.66),
      StoredEvaluation(round: 2, split: "test", site: "site-a", examples: 200, loss: 0.6),
    ]
    run.snapshots = [StoredSnapshot(round: 2, folder: "runs/flowers/snapshots/2", bytes: 1 << 33)]
    return run
  }

  /// Puts the contents into an empty store.
  static func fill(_ store: CoordinatorStore) throws {
    let contents = try contents()
    for run in contents.runs {
      let name = run.run.name
      try store.create(run.run)
      try store.save(run.sites, ofRun: name)
      for round in run.rounds {
        try store.record(round.round, results: round.results, ofRun: name)
      }
      try store.record(run.evaluations, ofRun: name)
      for snapshot in run.snapshots { try store.add(snapshot, ofRun: name) }
    }
    try store.append(contents.events)
  }
}
