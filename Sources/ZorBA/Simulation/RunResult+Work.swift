package import ZorBATensor

extension RunResult {
  /// Minibatches that were put through the model to train it, by all clients: one for each side of
  /// every direction of every step, also of answers that the guard refused.
  public var forwardPasses: Int {
    2
      * history.reduce(0) { sum, round in
        sum + round.clients.reduce(0) { $0 + $1.scalars.count }
          + round.leftOut.reduce(0) { $0 + $1.scalars.count }
      }
  }

  /// Counts the parameters of the blocks that were active at some client.
  ///
  /// - Parameter outer: Whether embeddings, final norm and head were trained.
  package mutating func countTrainedParameters(of parameters: ParameterSet, outer: Bool) {
    trainedParameters = outer ? parameters.elementCount(block: 0) : 0
    for block in 0..<parameters.transformerBlockCount
    where activeShare.contains(where: { $0.indices.contains(block) && $0[block] > 0 }) {
      trainedParameters += parameters.elementCount(block: block + 1)
    }
  }
}
