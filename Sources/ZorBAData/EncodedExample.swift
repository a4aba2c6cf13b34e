/// One place where the model's prediction is asked for.
package struct Query: Sendable, Equatable {
  /// Index into the example's sequences.
  package var sequence: Int
  /// The token whose output is read: it predicts the token at `position + 1`.
  package var position: Int
  /// The tokens whose scores are wanted.
  package var targets: [Int32]
  /// Log-probability over the whole vocabulary, or the raw logit.
  package var normalised: Bool

  package init(sequence: Int, position: Int, targets: [Int32], normalised: Bool) {
    self.sequence = sequence
    self.position = position
    self.targets = targets
    self.normalised = normalised
  }
}

/// How an example's loss comes from its scores.
package enum Objective: Sendable, Equatable {
  /// The targets of the only query are the options; cross-entropy over them.
  case singleQueryCandidates(answer: Int)
  /// An option's score is the mean over its queries; cross-entropy over the options.
  case candidates(queriesOf: [Range<Int>], answer: Int)
  /// Negative log-likelihood summed over all queries.
  case tokens
}

/// A row as the model sees it: token sequences, where to look, and what counts as right.
package struct EncodedExample: Sendable {
  package var sequences: [[Int32]]
  package var queries: [Query]
  package var objective: Objective
  /// The class, for label-skewed partitions and metrics.
  package var label: Int?
  /// The site the row says it belongs to.
  package var site: String?
  /// Whether text was cut to fit.
  package var truncated: Bool
  /// The line of the row in its file.
  package var line: Int

  package init(
    sequences: [[Int32]], queries: [Query], objective: Objective, label: Int? = nil,
    site: String? = nil, truncated: Bool = false, line: Int = 0
  ) {
    self.sequences = sequences
    self.queries = queries
    self.objective = objective
    self.label = label
    self.site = site
    self.truncated = truncated
    self.line = line
  }

  /// Tokens in all sequences.
  package var tokenCount: Int { sequences.reduce(0) { $0 + $1.count } }
}
