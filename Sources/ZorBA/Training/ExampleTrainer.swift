package import ZorBAData
package import ZorBAModels

/// Runs encoded examples forwards and backwards: the gradient of their mean loss.
package struct ExampleTrainer: Sendable {
  package let model: Model
  /// Tokens that one pass may hold: a larger batch is taken in parts, whose gradients add up.
  package let tokenLimit: Int
  package var options: BackwardOptions

  package init(
    model: Model, tokenLimit: Int = 4096, options: BackwardOptions = BackwardOptions()
  ) {
    self.model = model
    self.tokenLimit = tokenLimit
    self.options = options
  }

  /// Adds the gradient of the examples' mean loss to `gradients`.
  ///
  /// The mean is over the examples' weights: over examples with an answer, else over tokens. A loss
  /// that is not finite leaves gradients that are not finite, for the caller to discard.
  ///
  /// - Parameter whole: What the batch weighs that these examples are a part of; nil for a batch of
  ///   their own.
  /// - Returns: The sum of the losses and of the weights, as `ExampleScorer` has them.
  /// - Throws: `ZorBAError` when a sequence does not fit the model.
  package func accumulate(
    _ examples: [EncodedExample], into gradients: Gradients, outOf whole: Double? = nil
  ) throws -> (loss: Double, weight: Double) {
    let weight = examples.reduce(0) { $0 + Scoring.weight(of: $1) }
    let divisor = whole ?? weight
    let scorer = ExampleScorer(model: model, tokenBranchLimit: tokenLimit)
    var loss = 0.0
    for (index, part) in scorer.passes(examples, branches: 1).enumerated() {
      let examples = examples[part]
      let queries = examples.map(\.queries)
      var options = options
      // Masks go by row, so that every pass wants a seed of its own.
      options.dropoutSeed = options.dropoutSeed.map { $0 &+ UInt64(index) << 32 }
      try model.accumulateGradient(
        of: scorer.request(for: examples), options: options, into: gradients
      ) { result in
        var query = 0
        return zip(examples, queries).flatMap { example, queries in
          let values = queries.indices.map { Array(result[0, query + $0]) }
          query += queries.count
          loss += Scoring.loss(of: example, values: values).sum
          return Scoring.derivative(of: example, values: values).flatMap { $0 }.map { $0 / divisor }
        }
      }
    }
    return (loss, weight)
  }

  /// Bytes of activations and their gradients that the most demanding part of a batch takes.
  ///
  /// - Throws: `ZorBAError` when a sequence does not fit the model.
  package func activationBytes(of examples: [EncodedExample]) throws -> Int {
    let scorer = ExampleScorer(model: model, tokenBranchLimit: tokenLimit)
    return try scorer.passes(examples, branches: 1).reduce(0) { most, part in
      max(
        most,
        try model.gradientActivationBytes(
          for: scorer.request(for: examples[part]), options: options))
    }
  }
}
