/// What one step computes, in counts that seconds are proportional to.
///
/// A step is the evaluation of one minibatch on both sides of every direction. Operations are those
/// of matrix products, two for a multiply-add, of a single branch; whoever runs more branches
/// multiplies.
package struct StepWork: Sendable, Equatable {
  /// Operations before the first transformer block.
  package var entryOperations: Double
  /// Operations of every transformer block. [blocks]
  package var blockOperations: [Double]
  /// Operations after the last transformer block: the projection onto the vocabulary.
  package var headOperations: Double
  /// Parameters of every transformer block. [blocks]
  package var blockParameters: [Double]
  /// Parameters outside the transformer blocks.
  package var outerParameters: Double

  package init(
    entryOperations: Double = 0, blockOperations: [Double], headOperations: Double,
    blockParameters: [Double], outerParameters: Double
  ) {
    precondition(blockOperations.count == blockParameters.count)
    self.entryOperations = entryOperations
    self.blockOperations = blockOperations
    self.headOperations = headOperations
    self.blockParameters = blockParameters
    self.outerParameters = outerParameters
  }

  /// Transformer blocks.
  package var blockCount: Int { blockOperations.count }
}

/// Who moves what in a step: the blocks of a site, and along how many directions.
package struct StepAssignment: Sendable, Hashable {
  /// The transformer blocks that are active. [blocks]
  package var row: [Bool]
  /// Whether what lies outside the transformer blocks is active too.
  package var outer: Bool
  /// P, directions a step.
  package var directions: Int

  package init(row: [Bool], outer: Bool = false, directions: Int) {
    self.row = row
    self.outer = outer
    self.directions = directions
  }

  /// The first block that is computed in every branch; the number of blocks when none is.
  var firstBranched: Int { outer ? 0 : row.firstIndex(of: true) ?? row.count }

  /// Branches from there on: both sides of every direction.
  var branches: Double { outer || row.contains(true) ? 2 * Double(directions) : 1 }
}
