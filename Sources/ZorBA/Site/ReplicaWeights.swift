import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// The weights of a replica, and the round they stand at: bit for bit those of every other replica.
final class ReplicaWeights {
  let loaded: LoadedModel
  let updater: WeightUpdater
  /// 0 is the base model.
  private(set) var lastRound: Int

  /// Loads the weights and makes sure that they are what the run began with, or what a snapshot is
  /// said to be.
  ///
  /// - Throws: `ZorBAError` with code `invalidModel` when they are not, naming the first block that
  ///   differs; otherwise naming whatever cannot be used.
  init(
    _ origin: WeightOrigin, of header: JournalHeader, configuration: RunConfiguration,
    context: ComputeContext
  ) throws {
    let budget = MemoryBudget(configuration)
    if case .snapshot(let folder, _) = origin, configuration.adapter == nil {
      // As stored: a conversion could change bits. The text side is the base model's own.
      loaded = try LoadedModel(
        path: folder, tokenizer: configuration.model, task: configuration.task, context: context,
        budget: budget)
    } else {
      loaded = try LoadedModel(
        path: configuration.model, dtype: configuration.precision.dtype, task: configuration.task,
        context: context, budget: budget,
        adapter: configuration.adapter.map {
          AdapterOrigin($0, runKey: header.schedule.runKey)
        })
      try Self.naming(.invalidModel) { [loaded] in
        try JournalReplay.verify(
          header, model: loaded, path: loaded.checkpoint.configurationPath)
      }
    }
    if case .snapshot(let folder, let claim) = origin {
      try Self.naming(.invalidModel) { [loaded] in
        // Of an adapted model a snapshot has the adapter; the base beside it is checked by now.
        if loaded.adapter != nil { try loaded.restoreAdapter(from: folder) }
        try Self.verify(claim, header, loaded, folder: folder)
      }
    }
    lastRound = origin.round
    updater = WeightUpdater(
      parameters: loaded.model.trainable, schedule: header.schedule, context: context)
  }

  private static func naming(_ code: ZorBAError.Code, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch var error as ZorBAError {
      error.code = code
      throw error
    }
  }

  private static func verify(
    _ claim: SnapshotClaim, _ header: JournalHeader, _ loaded: LoadedModel, folder: String
  ) throws {
    let parameters = loaded.model.trainable
    try header.model.verify(
      family: loaded.configuration.family.rawValue, parameters: parameters)
    let found = StateDigest(of: parameters, context: loaded.context)
    guard found != claim.state else { return }
    let block = zip(claim.state.blocks, found.blocks).enumerated().first { $1.0 != $1.1 }?.offset
    throw ZorBAError(
      .invalidModel,
      "the weights are not those after round \(claim.round): "
        + (block.map { "block \($0) differs" } ?? "there is another number of blocks"),
      at: .init(file: folder), advice: "The base model and the journal lead to the right ones.")
  }

  /// Applies committed rounds, fused into one pass over the weights.
  ///
  /// - Throws: As `SiteReplica.apply`.
  func apply(_ rounds: [CommittedRound]) throws {
    guard let last = rounds.last else { return }
    if let first = rounds.first, first.number <= UInt64(lastRound) {
      throw ZorBAError(
        .invalidData, "round \(first.number) cannot follow round \(lastRound)",
        at: .init(field: "round"), advice: "Apply rounds once each, in ascending order.")
    }
    guard let number = Int(exactly: last.number) else {
      throw ZorBAError(.invalidData, "no run has a round \(last.number)", at: .init(field: "round"))
    }
    try updater.apply(rounds)
    lastRound = number
  }

  /// Counts a dense round whose changes were added to the weights.
  func passed(_ round: UInt64) { lastRound = Int(clamping: round) }

  /// The digests of some blocks of the model, in their order.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when the model has no such block.
  func digests(ofBlocks blocks: [Int]) throws -> [Digest128] {
    let known = loaded.model.trainable.blocks.indices
    if let block = blocks.first(where: { !known.contains($0) }) {
      throw ZorBAError(
        .invalidData, "block \(block) of a model whose last block is \(known.count - 1)",
        at: .init(field: "blocks"))
    }
    return StateDigest.digests(
      ofBlocks: blocks, of: loaded.model.trainable, context: loaded.context)
  }

  /// The digest of all blocks.
  var stateDigest: StateDigest {
    StateDigest(of: loaded.model.trainable, context: loaded.context)
  }

  /// Checks the weights against a digest that another replica took after the same round.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the first block that differs.
  func verify(_ checkpoint: DigestCheckpoint) throws {
    guard checkpoint.round == UInt64(lastRound) else {
      throw ZorBAError(
        .invalidJournal,
        "a digest is of round \(checkpoint.round); the weights stand at round "
          + "\(lastRound)")
    }
    let known = loaded.model.trainable.blocks.count
    if let block = checkpoint.entries.last?.block, block >= known {
      throw ZorBAError(
        .invalidJournal, "a digest is of block \(block); the model's last block is \(known - 1)")
    }
    try JournalReplay.verify(checkpoint, model: loaded, path: nil)
  }
}
