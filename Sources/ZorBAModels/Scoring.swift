/// Sequences to run through a model and the places where its predictions are wanted.
///
/// Sequences are packed without padding; a query costs one row of the vocabulary projection.
package struct ScoringRequest: Sendable {
  /// One place where the model's next-token prediction is asked for.
  package struct Query: Sendable, Equatable {
    /// Index into `sequences`.
    package var sequence: Int
    /// The token after which the prediction is read: the prediction for token `position + 1`.
    package var position: Int
    /// Token ids whose score is wanted; not necessarily distinct.
    package var targets: [Int32]
    /// True: log-probability over the whole vocabulary. False: the raw logit, for which only the
    /// part of the head around the targets is computed.
    package var normalised: Bool

    package init(sequence: Int, position: Int, targets: [Int32], normalised: Bool = true) {
      self.sequence = sequence
      self.position = position
      self.targets = targets
      self.normalised = normalised
    }
  }

  /// Token ids, ragged; none empty.
  package var sequences: [[Int32]]
  package var queries: [Query]

  package init(sequences: [[Int32]], queries: [Query]) {
    self.sequences = sequences
    self.queries = queries
  }

  /// Asks for the log-probability of every token of every sequence given the tokens before it.
  package static func languageModelling(_ sequences: [[Int32]]) -> ScoringRequest {
    var queries: [Query] = []
    for (index, tokens) in sequences.enumerated() where tokens.count > 1 {
      for position in 0..<tokens.count - 1 {
        queries.append(
          Query(sequence: index, position: position, targets: [tokens[position + 1]]))
      }
    }
    return ScoringRequest(sequences: sequences, queries: queries)
  }
}

/// The scores that a request asked for, branch by branch.
package struct ScoringResult: Sendable, Equatable {
  /// 1 without a plan, else two per direction.
  package let branchCount: Int
  /// `offsets[q]..<offsets[q + 1]` are the places of query `q` inside one branch.
  private let offsets: [Int]
  /// [branches, targets of all queries]
  package let values: [Double]

  init(branchCount: Int, offsets: [Int], values: [Double]) {
    self.branchCount = branchCount
    self.offsets = offsets
    self.values = values
  }

  package var queryCount: Int { offsets.count - 1 }

  /// One score per target of `query`, in the query's order.
  package subscript(branch: Int, query: Int) -> ArraySlice<Double> {
    precondition(branch >= 0 && branch < branchCount)
    let start = branch * (offsets.last ?? 0)
    return values[start + offsets[query]..<start + offsets[query + 1]]
  }

  /// All scores of one branch, query after query.
  package func scores(branch: Int) -> ArraySlice<Double> {
    precondition(branch >= 0 && branch < branchCount)
    let width = offsets.last ?? 0
    return values[branch * width..<(branch + 1) * width]
  }
}
