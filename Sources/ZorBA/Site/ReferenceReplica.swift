import ZorBACheckpoint
import ZorBAData
import ZorBADiagnostics
package import ZorBAJournal
package import ZorBAOptimization
package import ZorBATensor

/// A coordinator's copy of the model of a run: weights, no training rows.
///
/// It follows committed rounds as every site does, so that a coordinator can say what the weights hash
/// to, measure them on rows of its own and hand them out. One caller at a time.
package final class ReferenceReplica {
  /// The round that the weights stand at; 0 is the base model.
  package var lastRound: Int { weights.lastRound }

  let weights: ReplicaWeights
  private let configuration: RunConfiguration
  /// What is evaluated before and after the run, and in between: as a simulation has it.
  private let finalRows: Dataset?
  private let periodicRows: Dataset?

  /// Loads the model, and the rows to evaluate where the run has any.
  ///
  /// - Parameters:
  ///   - header: The run.
  ///   - configuration: The run as the coordinator's file has it; its model is a checkpoint.
  ///   - origin: Where the weights come from.
  ///   - context: Where to compute.
  /// - Throws: `ZorBAError` as `SiteReplica`.
  package init(
    header: JournalHeader, configuration: RunConfiguration, origin: WeightOrigin = .base,
    context: ComputeContext
  ) throws {
    self.configuration = configuration
    weights = try ReplicaWeights(
      origin, of: header, configuration: configuration, context: context)
    let data = configuration.data
    guard data.test != nil || data.validation != nil else {
      (finalRows, periodicRows) = (nil, nil)
      return
    }
    let task = try RunTask(
      configuration.task, batch: configuration.batch, labelsFrom: [], loaded: weights.loaded)
    let limit = configuration.evaluate.limit
    let test = try data.test.map { try task.rows(at: $0, limit: limit) }
    let validation = try data.validation.map { try task.rows(at: $0, limit: limit) }
    finalRows = test ?? validation
    periodicRows = configuration.evaluate.split == .test ? test : validation ?? test
  }

  /// Applies committed rounds, fused into one pass over the weights.
  ///
  /// - Throws: As `SiteReplica.apply`.
  package func apply(_ rounds: [CommittedRound]) throws { try weights.apply(rounds) }

  /// The digests of some blocks, in their order.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` when the model has no such block.
  package func digests(ofBlocks blocks: [Int]) throws -> [Digest128] {
    try weights.digests(ofBlocks: blocks)
  }

  /// The digest of all blocks.
  package var stateDigest: StateDigest { weights.stateDigest }

  /// Checks the weights against a digest that another replica took after the same round.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` naming the first block that differs.
  package func verify(_ checkpoint: DigestCheckpoint) throws { try weights.verify(checkpoint) }

  /// Measures the weights as they stand; nil when there are no rows for this round.
  ///
  /// - Throws: `ZorBAError` when a row does not fit the model.
  package func evaluate() throws -> Evaluation? {
    let isEnd = lastRound == 0 || lastRound == configuration.rounds
    guard let rows = isEnd ? finalRows : periodicRows else { return nil }
    return try Evaluator(scorer: weights.loaded.scorer(of: rows.examples)).evaluate(rows)
  }

  /// Writes the weights as a checkpoint, each tensor as the run stores it, with what is claimed of it.
  /// Of a run with an adapter that is the adapter alone, in PEFT's layout.
  ///
  /// - Parameters:
  ///   - folder: Where to write; must not hold anything.
  ///   - chain: The journal's chain value after the round that the weights stand at.
  /// - Returns: The claim.
  /// - Throws: `ZorBAError` with code `inputOutput`, when the disk is full for one.
  package func writeSnapshot(to folder: String, chain: Digest128) throws -> SnapshotClaim {
    let loaded = weights.loaded
    let claim = SnapshotClaim(round: lastRound, chain: chain, state: stateDigest)
    if loaded.adapter != nil {
      let base = configuration.model.split(separator: "/").last.map(String.init) ?? ""
      _ = try AdapterFolder.write(loaded.model, to: folder, base: base, overwrite: false)
      try SnapshotFolder.write(claim, to: folder)
      return claim
    }
    // The replica may have begun from a snapshot whose folder is gone by now.
    let base = try Checkpoint.open(directory: configuration.model)
    try CheckpointWriter.export(
      base: base, tensors: loaded.weights, to: folder,
      trainedName: loaded.stored.canonicalName(ofStored:))
    try SnapshotFolder.write(claim, to: folder)
    return claim
  }
}
