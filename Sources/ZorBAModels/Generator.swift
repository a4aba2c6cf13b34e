import ZorBADiagnostics

/// How the next token is chosen and when to stop.
package struct GenerationOptions: Sendable, Equatable {
  /// The most tokens to generate.
  package var maximumTokens: Int
  /// 0 takes the most likely token; above, logits are divided by it and one is drawn.
  package var temperature: Float
  /// Draw among this many most likely tokens only.
  package var topK: Int?
  /// Draw among the fewest most likely tokens that together have at least this probability.
  package var topP: Float?
  /// Seed of the draws; the same seed gives the same text.
  package var seed: UInt64
  /// Tokens that end generation; nil takes the model's own.
  package var endTokens: [Int32]?

  package init(
    maximumTokens: Int, temperature: Float = 0, topK: Int? = nil, topP: Float? = nil,
    seed: UInt64 = 0, endTokens: [Int32]? = nil
  ) {
    self.maximumTokens = maximumTokens
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
    self.endTokens = endTokens
  }
}

/// Continues a prompt token by token, each step costing one row of work.
package struct Generator: Sendable {
  package let model: Model

  package init(model: Model) { self.model = model }

  /// Generates until an end token, the limit or the end of the model's context.
  ///
  /// - Parameters:
  ///   - prompt: At least one token.
  ///   - onToken: Called with each token as it is chosen; returning false stops.
  /// - Returns: The generated tokens, without the prompt and without the end token.
  /// - Throws: `ZorBAError`: `invalidData` for an unusable prompt, `invalidConfiguration` for
  ///   options out of range, `diverged` when the model's logits are not finite; whatever
  ///   `onToken` throws.
  package func generate(
    prompt: [Int32], options: GenerationOptions, onToken: (Int32) throws -> Bool = { _ in true }
  ) throws -> [Int32] {
    try model.requireDecoder()
    try model.validate(prompt, name: "the prompt")
    var sampler = try TokenSampler(options)
    let ends = Set(options.endTokens ?? model.configuration.endTokens)
    let room = model.configuration.maximumPositions - prompt.count
    let limit = min(options.maximumTokens, room)
    guard limit > 0 else { return [] }
    let cache = try KeyValueCache(model.configuration, capacity: prompt.count + limit)
    var generated: [Int32] = []
    var pending = prompt
    while generated.count < limit {
      let logits = try model.nextLogits(after: pending, cache: cache)
      let token = try sampler.choose(logits)
      if ends.contains(token) { break }
      generated.append(token)
      guard try onToken(token) else { break }
      pending = [token]
    }
    return generated
  }
}

extension Generator {
  /// Bytes that generating takes beside the weights at its peak.
  ///
  /// - Parameters:
  ///   - prompt: Tokens of the prompt.
  ///   - maximumTokens: Tokens to add at most.
  package func memoryBytes(prompt: Int, maximumTokens: Int) throws -> Int {
    let shape = model.configuration
    let prompt = min(prompt, shape.maximumPositions)
    let tokens = prompt + min(maximumTokens, shape.maximumPositions - prompt)
    let row = 2 * shape.layerCount * shape.keyValueHeadCount * shape.headSize * 4
    // While the cache grows, the old and the new one are there: the old one holds half as much.
    let cache = (tokens + tokens / 2) * row
    // Logits as computed, as returned, and as the sampler sorts them.
    let logits = 3 * shape.vocabularySize * 4
    return try model.activationBytes(tokens: prompt, branches: 1, queries: 1) + cache + logits
  }
}
