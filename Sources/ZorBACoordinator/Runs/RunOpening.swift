import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A run's durable state brought together: the journal is the truth, the store follows it.
struct RunOpening {
  let journal: JournalWriter
  let timeline: ActivationTimeline?
  let sites: [SiteRecord]
  /// The mean loss of the last round; not a number before the first.
  let lastLoss: Double
  /// The engine with everything it saw before; nil before the first plan.
  let engine: RoundEngine?
  let isOperatorPaused: Bool
  let warnings: [String]
  /// The digest of the finished weights; nil while the run goes on.
  let finalDigest: StateDigest?
  private let blueprint: RunBlueprint
  private let evaluated: Set<Int>

  /// Starts a run in its folder, or takes it up there.
  ///
  /// - Throws: `ZorBAError` when the folder holds another run or the disk refuses.
  init(_ blueprint: RunBlueprint, folder: RunFolder, store: RunStore) throws {
    self.blueprint = blueprint
    var warnings: [String] = []
    let text = blueprint.configuration.withPaths(
      from: FileManager.default.currentDirectoryPath
    ).yamlText
    if try JournalReader.hasHeader(at: folder.journal) {
      journal = try JournalWriter.resume(at: folder.journal)
      guard try Self.belongs(journal, to: blueprint) else {
        throw ZorBAError(
          .invalidConfiguration, "the run in this folder has another configuration or base model",
          at: .init(file: folder.path),
          advice: "Start it with its own run.yaml and model, or let 'out' name another folder.")
      }
      if journal.discardedByteCount > 0 {
        warnings.append("removed an unfinished record of \(journal.discardedByteCount) bytes")
      }
      // A crash may have come between the two files.
      if !FileManager.default.fileExists(atPath: folder.configuration) {
        try RunFolder.write(text, to: folder.configuration)
      }
    } else {
      // A journal that ends within its header is one that a crash kept from beginning.
      try? FileManager.default.removeItem(atPath: folder.journal)
      try folder.prepareForNewRun(configuration: text)
      journal = try JournalWriter.create(at: folder.journal, header: blueprint.header)
      try RunFolder.write(text, to: folder.configuration)
    }
    timeline = try Self.timeline(in: folder.journal, sites: blueprint.sites.count, blueprint)
    finalDigest =
      journal.hasEnded
      ? try Self.lastDigest(
        in: journal, blocks: blueprint.card.model.blocks.count) : nil
    let last = Int(clamping: journal.lastRound)
    try store.open(
      folder: folder.path, configuration: blueprint.configuration.yamlText,
      sites: blueprint.sites)
    // Rounds that were stored and never journaled did not happen.
    try store.deleteRounds(after: last)
    evaluated = Set(try store.evaluations().map(\.round))
    isOperatorPaused = try store.isPaused
    sites = try store.sites(blueprint.sites, blocks: blueprint.card.layerCount)
    // Round by round: a run of many rounds and sites does not fit into memory.
    var engine = try Self.engine(
      blueprint, timeline: timeline, runKey: journal.header.schedule.runKey, sites: sites)
    var (lastLoss, count) = (Double.nan, 0)
    try store.forEachRound { metrics in
      engine?.recall([metrics])
      lastLoss = metrics.loss
      count += 1
    }
    self.engine = engine
    self.lastLoss = lastLoss
    if count < last {
      warnings.append(
        "the store has \(count) of \(last) rounds; figures of the others are missing, and "
          + "the guard has forgotten them")
    }
    self.warnings = warnings
  }

  /// Whether a journal is this run's: it began with this configuration, or branched off into it.
  private static func belongs(
    _ journal: JournalWriter, to blueprint: RunBlueprint
  ) throws -> Bool {
    if journal.header == blueprint.header { return true }
    guard journal.header.base == blueprint.header.base,
      journal.header.model == blueprint.header.model,
      // A branch may change how an adapter is trained, not what its tensors mean.
      journal.header.configuration["adapter"]?.serialized
        == blueprint.header.configuration["adapter"]?.serialized
    else { return false }
    var configuration: JSONValue?
    let reader = try JournalReader(path: journal.path)
    while let entry = try reader.next() {
      if case .branch(let marker) = entry.record { configuration = marker.configuration }
    }
    return configuration?.serialized == blueprint.header.configuration.serialized
  }

  /// The plans of a journal; nil when there is none yet.
  static func timeline(
    in path: String, sites: Int, _ blueprint: RunBlueprint
  ) throws -> ActivationTimeline? {
    let reader = try JournalReader(path: path)
    var plans: [PlanRecord] = []
    while let entry = try reader.next() {
      if case .plan(let plan) = entry.record { plans.append(plan) }
    }
    return try ActivationTimeline(plans, clients: sites, blocks: blueprint.card.layerCount)
  }

  private static func lastDigest(
    in journal: JournalWriter, blocks: Int
  ) throws -> StateDigest? {
    var digest: DigestCheckpoint?
    let reader = try JournalReader(path: journal.path)
    while let entry = try reader.next() {
      if case .digest(let checkpoint) = entry.record { digest = checkpoint }
    }
    guard let digest, digest.round == journal.lastRound else { return nil }
    return digest.state(blockCount: blocks)
  }

  /// Sites and their weights as the engine needs them; a site that never came has none.
  static func members(
    of sites: [SiteRecord], weights: ClientWeighting
  ) -> [(name: String, weight: Double?)] {
    sites.map { ($0.name, $0.examples.map { weights.weight(examples: $0) }) }
  }

  /// An engine that has seen nothing yet; nil before the first plan.
  static func engine(
    _ blueprint: RunBlueprint, timeline: ActivationTimeline?, runKey: RunKey, sites: [SiteRecord]
  ) throws -> RoundEngine? {
    guard timeline != nil else { return nil }
    let configuration = blueprint.configuration
    return try RoundEngine(
      configuration: configuration, runKey: runKey,
      members: members(of: sites, weights: configuration.federation.weights))
  }

  /// The machine where the journal ends.
  func machine(_ selection: RoundSelection) -> RunMachine {
    let configuration = blueprint.configuration
    let federation = configuration.federation
    let count = blueprint.sites.count
    return RunMachine(
      configuration: .init(
        clients: count, rounds: configuration.rounds, quorum: federation.quorum,
        attempts: federation.attempts,
        startWith: federation.startWith == 0 ? count : min(federation.startWith, count),
        evaluateEvery: configuration.evaluate.every, evaluatesEnds: true, gathers: true),
      lastCommitted: Int(clamping: journal.lastRound), selection: { selection($0, $1) },
      isPaused: isOperatorPaused,
      quarantined: Set(sites.indices.filter { sites[$0].isQuarantined }), evaluated: evaluated,
      members: timeline.map { timeline in
        let plan = timeline.plan(round: Int(clamping: journal.lastRound) + 1)
        return Set(0..<count).subtracting(plan.idleClients)
      } ?? [], isFinished: journal.hasEnded)
  }
}
