package import ZorBATensor

extension RunResult {
  /// Passes that training took, at all clients, answers that were refused included.
  ///
  /// Of a zeroth-order method a pass is forwards: a minibatch with one side of one direction of one step.
  /// Of a first-order method it is forwards and backwards, about three times the work: a step's minibatch
  /// or, with accumulation, one of the parts that it is taken in.
  public var forwardPasses: Int {
    history.reduce(0) { sum, round in
      sum + round.clients.reduce(0) { $0 + ($1.passes ?? 2 * $1.scalars.count) }
        + round.leftOut.reduce(0) { $0 + ($1.passes ?? 2 * $1.scalars.count) }
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
