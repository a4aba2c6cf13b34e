import ZorBADiagnostics
package import ZorBAJournal
import ZorBAModels
package import ZorBAOptimization

extension SiteReplica {
  /// What the site sends back for a round of a first-order method.
  package struct Update: Sendable {
    /// What its own steps changed.
    package var change: DenseDelta
    /// Examples in all minibatches.
    package var examples: Int
    /// Mean over the steps of each minibatch's mean loss.
    package var loss: Double
    /// Seconds of arithmetic.
    package var seconds: Double
  }

  /// Trains on the round's minibatches. Afterwards the weights are as before, whatever happens.
  ///
  /// - Parameters:
  ///   - round: The round after `lastRound`.
  ///   - blocks: Blocks to train as `TensorID` counts them, ascending; some of the model's.
  ///   - isCancelled: Asked before every minibatch.
  /// - Throws: As `answer`; `ZorBAError` with code `diverged` when the update cannot be used.
  package func update(
    round: Int, blocks: [Int], isCancelled: () -> Bool = { false }
  ) throws -> Update {
    try check(round: round, blocks: blocks)
    guard let training else {
      throw ZorBAError(
        .invalidConfiguration,
        "the method \(configuration.method.name.rawValue) asks for scalars, not for updates",
        at: .init(field: "method.name"))
    }
    let clock = ContinuousClock()
    let start = clock.now
    var time = TimeLedger()
    let answer = try training.answer(
      of: client, number: number, round: round, blocks: blocks,
      learningRate: terms.learningRate(round: round), time: &time, isCancelled: isCancelled)
    return Update(
      change: answer.change, examples: answer.examples, loss: answer.loss,
      seconds: (clock.now - start) / .seconds(1))
  }

  /// Adds a committed dense round to the weights.
  ///
  /// - Throws: `ZorBAError` with code `invalidData`, before any weight changes, when it does not follow
  ///   the rounds so far or the changes are not whole; with code `diverged` when a weight can no longer
  ///   be stored, after which the replica must be made anew.
  package func apply(_ round: DenseRound, changes: [UInt8]) throws {
    try weights.apply(round, changes: changes)
  }

  /// Bytes of an update of some blocks; 0 where the run asks for scalars.
  package func updateBytes(ofBlocks blocks: [Int]) -> Int {
    guard training != nil else { return 0 }
    return DenseLayout(blocks: blocks, of: loaded.model.trainable)
      .byteCount(configuration.method.firstOrder.upload)
  }
}

extension ReplicaWeights {
  /// Adds a committed dense round.
  func apply(_ round: DenseRound, changes: [UInt8]) throws {
    guard round.number > UInt64(lastRound) else {
      throw ZorBAError(
        .invalidData, "round \(round.number) cannot follow round \(lastRound)",
        at: .init(field: "round"), advice: "Apply rounds once each, in ascending order.")
    }
    let expected = DenseLayout(blocks: round.blocks, of: loaded.model.trainable)
      .byteCount(round.encoding)
    guard changes.count == expected else {
      throw ZorBAError(
        .invalidData,
        "round \(round.number) has \(changes.count) bytes of changes, not \(expected)",
        at: .init(field: "changes"))
    }
    var update = try DenseReplay(adding: loaded.model.trainable).begin(round)
    try changes.withUnsafeBytes { try update.feed($0) }
    try update.finish()
    passed(round.number)
  }
}
