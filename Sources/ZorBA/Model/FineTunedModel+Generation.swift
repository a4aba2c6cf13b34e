import ZorBADiagnostics
import ZorBAModels
import ZorBATensor
import ZorBATokenizers

extension FineTunedModel {
  /// How to continue a prompt.
  public struct Sampling: Sendable, Equatable {
    /// The most tokens to add.
    public var maximumTokens = 64
    /// 0 takes the most likely token each time; above, tokens are drawn.
    public var temperature: Float = 0
    /// Draw among this many most likely tokens only.
    public var topK: Int?
    /// Draw among the fewest tokens that together have at least this probability.
    public var topP: Float?
    /// Seed of the draws.
    public var seed: UInt64 = 1

    /// Greedy, 64 tokens.
    public init() {}
  }

  /// Makes sure that the model can continue a text.
  ///
  /// - Throws: `ZorBAError` with code `unsupportedModel` for an encoder.
  public func requireGeneration() throws { try loaded.model.requireDecoder() }

  /// Continues a prompt.
  ///
  /// - Parameters:
  ///   - prompt: Text; the model's opening token is put before it.
  ///   - sampling: How to choose.
  ///   - onText: Given each piece of text as it is complete; false stops.
  /// - Returns: The text and the ids added.
  /// - Throws: `ZorBAError` when the prompt is too long or an option is out of range.
  public func generate(
    _ prompt: String, sampling: Sampling = Sampling(), onText: (String) -> Bool = { _ in true }
  ) throws -> (text: String, tokens: [Int32]) {
    var ids = tokens(of: prompt)
    if ids.isEmpty {
      guard let begin = loaded.tokenizer.bosID ?? loaded.configuration.beginToken else {
        throw ZorBAError(
          .invalidData, "the prompt is empty and the model has no opening token",
          at: .init(field: "prompt"), advice: "Give a prompt of at least one character.")
      }
      ids = [begin]
    }
    try loaded.makeRoom(prompt: ids.count, additional: sampling.maximumTokens)
    var text = ""
    var decoder = StreamDecoder(loaded.tokenizer)
    let tokens = try Generator(model: loaded.model).generate(
      prompt: ids,
      options: GenerationOptions(
        maximumTokens: sampling.maximumTokens, temperature: sampling.temperature,
        topK: sampling.topK, topP: sampling.topP, seed: sampling.seed)
    ) { token in
      let piece = decoder.append(token)
      text += piece
      return onText(piece)
    }
    let rest = decoder.finish()
    if !rest.isEmpty {
      text += rest
      _ = onText(rest)
    }
    return (text, tokens)
  }
}

extension LoadedModel {
  /// Under a budget, gives weights what generation leaves of it.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the budget is too small.
  fileprivate func makeRoom(prompt: Int, additional: Int) throws {
    guard let budget, let residency else { return }
    let bytes = try Generator(model: model).memoryBytes(
      prompt: prompt, maximumTokens: additional)
    try budget.allot(
      residency,
      besides: MemoryBudget.residentBytes(without: residency) + MemoryModel.scratchBytes + bytes)
  }
}
