/// Draws a client's minibatches: without replacement within an epoch, reshuffled every epoch.
///
/// A batch is a function of (round, step) alone, so a run that goes on after an interruption draws
/// what it would have drawn.
package struct MinibatchSampler: Sendable {
  private let count: Int
  private let batchSize: Int
  private let steps: Int
  private let seed: UInt64

  /// - Parameters:
  ///   - count: Rows the client holds, at least 1.
  ///   - batchSize: Rows in a batch; more than there are means all of them.
  ///   - steps: Batches in a round.
  ///   - seed: The client's own.
  package init(count: Int, batchSize: Int, steps: Int = 1, seed: UInt64) {
    precondition(count >= 1 && batchSize >= 1 && steps >= 1)
    self.count = count
    self.batchSize = min(batchSize, count)
    self.steps = steps
    self.seed = seed
  }

  /// The rows of a batch; rounds count from 1, steps from 0.
  package func batch(round: Int, step: Int) -> [Int] {
    let first = ((round - 1) * steps + step) * batchSize
    var order: [Int] = []
    var epoch = -1
    return (first..<first + batchSize).map { place in
      if place / count != epoch {
        epoch = place / count
        order = self.order(epoch: epoch)
      }
      return order[place % count]
    }
  }

  private func order(epoch: Int) -> [Int] {
    var mixer = SplitMix64(seed: seed ^ UInt64(epoch) &* 0xD6E8_FEB8_6659_FD93)
    var generator = SplitMix64(seed: mixer.next())
    var order = Array(0..<count)
    generator.shuffle(&order)
    return order
  }
}
