/// One look into a model's output: at which position, and which tokens are asked about.
package struct Query: Sendable, Equatable {
  /// The sequence of the example.
  package var sequence: Int
  /// The index in that sequence whose output predicts the targets.
  package var position: Int
  /// The tokens whose values are wanted.
  package var targets: [Int32]
  /// Whether values are log-probabilities over the whole vocabulary; otherwise plain logits do,
  /// because the softmax over the candidates cancels what all have in common.
  package var normalised: Bool

  /// Creates a query.
  package init(sequence: Int, position: Int, targets: [Int32], normalised: Bool) {
    self.sequence = sequence
    self.position = position
    self.targets = targets
    self.normalised = normalised
  }
}

/// What the values of an example's queries mean together.
package enum Objective: Sendable, Equatable {
  /// The candidates' scores are the values of the targets of query 0.
  case singleQueryCandidates(answer: Int)
  /// The score of candidate j is the mean value over its queries, target 0 of each.
  case candidates(queriesOf: [Range<Int>], answer: Int)
  /// Every query is a token to predict.
  case tokens
}

/// An example as token ids, with what to ask of the model and how to score it.
///
/// Stored is only what differs between examples: a context and its continuations (the candidates,
/// or the one text to predict). Sequences and queries follow from them and are made when a batch
/// needs them, so that a corpus costs four bytes a token and label words exist once, not once a
/// row.
package struct EncodedExample: Sendable, Equatable {
  /// The tokens that every continuation follows; at least one.
  package let context: [Int32]
  /// The candidates, or one run of tokens to predict; none is empty.
  package let continuations: [[Int32]]
  /// The index of the true candidate, or nil when all tokens are to be predicted.
  package let answer: Int?
  /// Where one output decides between all candidates; nil for the end of the context.
  package let queryPosition: Int?
  /// The value of the site column, if the task has one.
  package let site: String?
  /// The value of the segment column, if the task has one and the row too.
  package var segment: String?
  /// Whether text was left out so that the example fits.
  package let truncated: Bool
  /// The line on which the row starts; 0 for a window of running text.
  package let line: Int

  /// Creates an example; shapes are the encoder's affair, so a wrong one is a programming error.
  package init(
    context: [Int32], continuations: [[Int32]], answer: Int?, queryPosition: Int? = nil,
    site: String? = nil, truncated: Bool = false, line: Int
  ) {
    precondition(!context.isEmpty && !continuations.isEmpty)
    precondition(continuations.allSatisfy { !$0.isEmpty })
    precondition(answer.map(continuations.indices.contains) ?? (continuations.count == 1))
    self.context = context
    self.continuations = continuations
    precondition(queryPosition.map(context.indices.contains) ?? true)
    self.answer = answer
    self.queryPosition = queryPosition
    self.site = site
    self.truncated = truncated
    self.line = line
  }

  /// The true label or choice, for partitions and metrics.
  package var label: Int? { answer }

  /// Whether one output position decides between all candidates.
  private var isSingleQuery: Bool { answer != nil && continuations.allSatisfy { $0.count == 1 } }

  /// The token sequences to run; a last token that predicts nothing is not among them.
  package var sequences: [[Int32]] {
    isSingleQuery ? [context] : continuations.map { context + $0.dropLast() }
  }

  /// The number of tokens in all sequences.
  package var tokenCount: Int {
    isSingleQuery
      ? context.count : continuations.reduce(0) { $0 + context.count + $1.count - 1 }
  }

  /// The length of the longest sequence.
  package var longestSequence: Int {
    context.count + (continuations.lazy.map(\.count).max() ?? 1) - 1
  }

  /// What to ask of the outputs, in order of sequence and position.
  package var queries: [Query] {
    let first = context.count - 1
    if isSingleQuery {
      let targets = continuations.flatMap { $0 }
      return [
        Query(
          sequence: 0, position: queryPosition ?? first, targets: targets, normalised: false)
      ]
    }
    return continuations.enumerated().flatMap { sequence, tokens in
      tokens.enumerated().map { offset, token in
        Query(sequence: sequence, position: first + offset, targets: [token], normalised: true)
      }
    }
  }

  /// How the values of `queries` combine.
  package var objective: Objective {
    guard let answer else { return .tokens }
    if isSingleQuery { return .singleQueryCandidates(answer: answer) }
    var end = 0
    let ranges = continuations.map { tokens in
      defer { end += tokens.count }
      return end..<end + tokens.count
    }
    return .candidates(queriesOf: ranges, answer: answer)
  }
}
