import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBAStore
import ZorBATensor

@testable import ZorBACoordinator

/// A coordinator's replica beside a journal that a simulation wrote, record by record.
final class ReplicaUnderTest {
  let federation: LoopbackFederation
  let blueprint: RunBlueprint
  let simulated: RunResult
  let folder: RunFolder
  let store: CoordinatorStore
  private(set) var replica: RunReplica
  private let reports = NoticeLog<ReplicaReport>()
  private let options: ReplicaOptions
  private var journal: JournalWriter

  /// Eight rounds, evaluated on a test file before, after and every three.
  init(
    snapshotEvery: Int = 3, change: @escaping (inout RunConfiguration) -> Void = { _ in }
  ) throws {
    federation = try LoopbackFederation {
      $0.rounds = 8
      $0.evaluate.every = 3
      $0.federation.digestEvery = 1
      change(&$0)
    }
    simulated = try federation.withTestRows { run in
      var options = Simulation.Options()
      options.threads = 1
      return try Simulation(run, options: options).run()
    }
    let run = try federation.withTestRows { $0 }
    var coordinated = run
    coordinated.data.train = []
    coordinated.out = federation.folder.path("trial")
    blueprint = try RunBlueprint(
      name: "trial", configuration: coordinated,
      card: ModelCard(
        ofCheckpoint: run.model, precision: run.precision, context: ComputeContext(threads: 1)))
    folder = RunFolder(path: coordinated.out)
    try folder.prepareForNewRun(configuration: "")
    journal = try JournalWriter.create(at: folder.journal, header: blueprint.header)
    store = try CoordinatorStore.open(
      path: federation.folder.path("state/store.sqlite"), software: "test", time: 1)
    let runStore = RunStore(store: store, run: "trial")
    try runStore.open(folder: folder.path, configuration: "", sites: blueprint.sites)
    options = ReplicaOptions(snapshotEvery: snapshotEvery, threads: 1)
    replica = try Self.replica(blueprint, folder, runStore, options, reach: 0)
  }

  private static func replica(
    _ blueprint: RunBlueprint, _ folder: RunFolder, _ store: RunStore, _ options: ReplicaOptions,
    reach: Int
  ) throws -> RunReplica {
    try RunReplica(
      blueprint, folder: folder, store: store, options: options, reach: reach,
      evaluated: Set(try store.ownEvaluations().keys))
  }

  func start() {
    replica.start { [reports] report, _ in reports.append(report) }
  }

  /// A replica in another process of the same coordinator.
  func restart() throws {
    replica = try Self.replica(
      blueprint, folder, RunStore(store: store, run: "trial"), options,
      reach: Int(journal.lastRound))
    start()
  }

  /// Journals the simulation's records up to a round, and tells of the rounds.
  func commit(upTo last: Int, tells: Bool = true) throws {
    let reader = try JournalReader(path: simulated.journalPath)
    while reader.lastRound < UInt64(last), let entry = try reader.next() {
      guard entry.offset >= journal.byteCount else { continue }
      try journal.append(entry.record)
      if case .round(let round) = entry.record, tells {
        replica.committed(round, chain: journal.chain)
      }
    }
  }

  func rollBack(to round: Int) throws {
    let path = folder.journal + ".new"
    let fresh = try JournalWriter.branch(
      from: folder.journal, at: UInt64(round), to: path,
      configuration: journal.header.configuration)
    _ = try JournalFiles.replace(folder.journal, with: path)
    journal = fresh
    replica.rolledBack(to: round)
    try RunStore(store: store, run: "trial").deleteRounds(after: round)
  }

  /// Tells the simulation's rounds after a roll-back; the branch marker is between them.
  func commitAgain(after first: Int) throws {
    let reader = try JournalReader(path: simulated.journalPath)
    while let entry = try reader.next() {
      guard case .round(let round) = entry.record, round.number > UInt64(first) else { continue }
      try journal.append(entry.record)
      replica.committed(round, chain: journal.chain)
    }
  }

  func settle() async throws { try await until { replica.isSettled } }

  /// What the replica says its weights hash to.
  func state(after round: Int) async throws -> StateDigest {
    let before = reports.count
    replica.tellState(of: round)
    return try await reports.first(after: before) { report in
      if case .state(round, let state) = report { state } else { nil }
    }
  }

  var evaluations: [Int: Evaluation] {
    Dictionary(
      reports.all.compactMap {
        if case .evaluated(let evaluation, let round) = $0 { (round, evaluation) } else { nil }
      }, uniquingKeysWith: { $1 })
  }

  /// Digests of single blocks, by the round whose answers carry them.
  var digests: [Int: [UInt8]] {
    Dictionary(
      reports.all.compactMap {
        if case .digest(let round, let digest) = $0 { (round, digest) } else { nil }
      }, uniquingKeysWith: { $1 })
  }

  var warnings: [String] {
    reports.all.compactMap { if case .warning(let text) = $0 { text } else { nil } }
  }

  var snapshotRounds: [Int] {
    get throws { try store.snapshots(ofRun: "trial").map(\.round) }
  }

  /// A site's weights after the simulation's rounds up to one.
  func site(from origin: WeightOrigin = .base, upTo last: Int) throws -> SiteReplica {
    let site = try SiteReplica(
      header: blueprint.header,
      configuration: RunFile.parse(
        header: blueprint.header, model: federation.run.model,
        data: DataFiles(train: [federation.run.data.train[0]])),
      siteNumber: 1, origin: origin, context: ComputeContext(threads: 1))
    let reader = try JournalReader(path: simulated.journalPath)
    let rounds = try reader.nextRounds(upTo: UInt64(last))
    try site.apply(rounds.filter { $0.number > UInt64(origin.round) })
    return site
  }
}

extension LoopbackFederation {
  /// The run with rows that it is measured on.
  func withTestRows<Result>(_ body: (RunConfiguration) throws -> Result) throws -> Result {
    var run = run
    run.data.test = try folder.write(Self.rows(6, seed: 2), to: "test.jsonl")
    return try body(run)
  }
}

/// Changes one byte near the end of a file, where weights are.
func damage(_ path: String) throws {
  var bytes = try contents(of: path)
  bytes[bytes.count - 5] ^= 0x10
  try write(bytes, to: path)
}
