package import ZorBAData
package import ZorBAModels

/// Runs encoded examples through a model and folds the scores into losses and predictions.
package struct ExampleScorer: Sendable {
  package let model: Model
  /// Tokens times branches that one pass may hold; bounds the memory of activations.
  package let tokenBranchLimit: Int

  package init(model: Model, tokenBranchLimit: Int = 16_384) {
    self.model = model
    self.tokenBranchLimit = tokenBranchLimit
  }

  /// One example under one branch.
  package struct Outcome: Sendable {
    /// Loss summed over the example's own weight.
    package var loss: Double
    /// 1 for an example with an answer, the number of scored tokens otherwise.
    package var weight: Double
    /// The option the model prefers; nil for language modelling.
    package var prediction: Int?
  }

  /// Scores examples under every branch of a plan.
  ///
  /// - Returns: [branches][examples]; one branch without a plan.
  /// - Throws: `ZorBAError` when a sequence does not fit the model.
  package func outcomes(
    of examples: [EncodedExample], plan: PerturbationPlan? = nil
  ) throws -> [[Outcome]] {
    let branches = plan?.branchCount ?? 1
    var outcomes = [[Outcome]](repeating: [], count: branches)
    for pass in passes(examples, branches: branches) {
      let part = try scored(examples[pass], plan: plan)
      for branch in 0..<branches { outcomes[branch] += part[branch] }
    }
    return outcomes
  }

  /// Runs of consecutive examples, each within the token limit or a single example.
  package func passes(_ examples: [EncodedExample], branches: Int) -> [Range<Int>] {
    var passes: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (index, example) in examples.enumerated() {
      if index > start, (tokens + example.tokenCount) * branches > tokenBranchLimit {
        passes.append(start..<index)
        start = index
        tokens = 0
      }
      tokens += example.tokenCount
    }
    if start < examples.count { passes.append(start..<examples.count) }
    return passes
  }

  private func scored(
    _ examples: ArraySlice<EncodedExample>, plan: PerturbationPlan?
  ) throws -> [[Outcome]] {
    let queries = examples.map(\.queries)
    let result = try model.score(request(for: examples), plan: plan)
    return (0..<result.branchCount).map { branch in
      var query = 0
      return zip(examples, queries).map { example, queries in
        let values = queries.indices.map { Array(result[branch, query + $0]) }
        query += queries.count
        let loss = Scoring.loss(of: example, values: values)
        return Outcome(
          loss: loss.sum, weight: loss.weight,
          prediction: Scoring.prediction(of: example, values: values))
      }
    }
  }
}

extension ExampleScorer {
  /// Bytes of activations that scoring these examples in one pass takes at its peak.
  package func activationBytes(
    of examples: ArraySlice<EncodedExample>, plan: PerturbationPlan?
  ) throws -> Int {
    try model.activationBytes(for: request(for: examples), plan: plan)
  }

  /// Bytes of activations of the most demanding pass over these examples.
  ///
  /// Of very many passes only those with the most tokens are measured.
  func peakActivationBytes(
    of examples: [EncodedExample], plan: PerturbationPlan? = nil
  ) throws -> Int {
    let passes = passes(examples, branches: plan?.branchCount ?? 1)
      .map { pass in (pass, tokens: examples[pass].reduce(0) { $0 + $1.tokenCount }) }
      .sorted { $0.tokens > $1.tokens }
    return try passes.prefix(Self.measuredPasses).reduce(0) {
      max($0, try activationBytes(of: examples[$1.0], plan: plan))
    }
  }

  private static let measuredPasses = 64

  /// A scorer whose passes over these examples take at most `byteCount` bytes of activations, or hold
  /// single examples. Packed otherwise, an example's loss can differ in its last digits.
  func limited(to byteCount: Int, for examples: [EncodedExample]) throws -> ExampleScorer {
    var scorer = self
    while scorer.tokenBranchLimit > 1,
      try scorer.peakActivationBytes(of: examples) > byteCount
    {
      scorer = ExampleScorer(model: model, tokenBranchLimit: scorer.tokenBranchLimit / 2)
    }
    return scorer
  }

  func request(for examples: ArraySlice<EncodedExample>) -> ScoringRequest {
    var request = ScoringRequest(sequences: [], queries: [])
    for example in examples {
      let first = request.sequences.count
      request.sequences += example.sequences
      request.queries += example.queries.map {
        ScoringRequest.Query(
          sequence: first + $0.sequence, position: $0.position, targets: $0.targets,
          normalised: $0.normalised)
      }
    }
    return request
  }
}
