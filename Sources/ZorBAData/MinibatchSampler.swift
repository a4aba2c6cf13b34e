/// A client's minibatches: every example once an epoch, in an order of its own each epoch.
///
/// A batch is addressed by round and step and depends on nothing else but the seed, so a client
/// that restarts, or joins late, draws the batch that it would have drawn. An epoch is cut into as
/// few batches as the batch size allows, and these are as equal as can be (17 examples in batches of
/// 16 make 9 and 8, not 16 and 1): a batch of one example would be mostly noise.
///
/// The generator is not cryptographic. Where privacy accounting counts on secret sampling, another
/// sampler is needed.
package struct MinibatchSampler: Sendable {
  /// The number of examples of the client.
  package let exampleCount: Int
  /// The batches of one epoch.
  package let batchesPerEpoch: Int

  private let stepsPerRound: Int
  private let seed: UInt64

  /// Creates a sampler.
  ///
  /// - Parameters:
  ///   - exampleCount: At least 1.
  ///   - batchSize: At least 1; more than the examples there are means all of them.
  ///   - stepsPerRound: The minibatches that a round takes, at least 1.
  ///   - seed: Another one for every client. Whoever has it knows the numbers of the examples used.
  package init(exampleCount: Int, batchSize: Int, stepsPerRound: Int = 1, seed: UInt64) {
    precondition(exampleCount > 0 && batchSize > 0 && stepsPerRound > 0)
    self.exampleCount = exampleCount
    batchesPerEpoch = 1 + (exampleCount - 1) / batchSize
    self.stepsPerRound = stepsPerRound
    self.seed = seed
  }

  /// The indices of the examples of a batch, each below `exampleCount`, none twice.
  ///
  /// - Parameters:
  ///   - round: The round, from 0.
  ///   - step: The step inside the round, below `stepsPerRound`.
  package func batch(round: Int, step: Int = 0) -> [Int] {
    precondition(round >= 0 && step >= 0 && step < stepsPerRound)
    let (epoch, place) = (round * stepsPerRound + step)
      .quotientAndRemainder(dividingBy: batchesPerEpoch)
    var order = Array(0..<exampleCount)
    var random = RandomGenerator(seed: seed, UInt64(epoch))
    random.shuffle(&order)
    let (size, rest) = exampleCount.quotientAndRemainder(dividingBy: batchesPerEpoch)
    let start = place * size + min(place, rest)
    return Array(order[start..<start + size + (place < rest ? 1 : 0)])
  }
}
