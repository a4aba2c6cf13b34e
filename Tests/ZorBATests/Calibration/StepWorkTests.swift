import Testing
import ZorBAData
import ZorBAJSON
import ZorBAModels
import ZorBAPlanning

@testable import ZorBA

/// Counts against hand counts: multiply-adds of each matrix, written out from the model's shapes.
@Suite struct StepWorkTests {
  /// Hidden 32, inner 56, 2 layers, vocabulary 96, 4 heads of 8.
  private func configuration() throws -> ModelConfiguration {
    try ModelConfiguration(huggingFace: [
      "model_type": "opt", "hidden_size": 32, "ffn_dim": 56, "word_embed_proj_dim": 32,
      "num_attention_heads": 4, "num_hidden_layers": 2, "vocab_size": 96,
      "max_position_embeddings": 64, "tie_word_embeddings": true,
    ])
  }

  private let matrices = 4 * 32 * 32 + 2 * 32 * 56

  @Test func everyTokenIsPredicted() throws {
    // 3 sequences of 5 tokens.
    let example = EncodedExample(
      context: [1], continuations: [[2, 3, 4, 5, 6]], answer: nil, line: 0)
    let batch = BatchShape(examples: [example, example, example], batchSize: 3)
    let work = StepWork(try configuration(), batch: batch)
    let layer = 15 * matrices + 3 * (1 + 2 + 3 + 4 + 5) * 2 * 32
    #expect(batch.tokens == 15)
    #expect(work.blockOperations == [2 * layer, 2 * layer].map(Double.init))
    #expect(work.headOperations == Double(2 * 15 * 32 * 96))
    #expect(work.entryOperations == 0)
  }

  @Test func labelsNeedTheLastPositionOnly() throws {
    // 4 tokens, two single-token candidates: one query, two logits.
    let example = EncodedExample(
      context: [1, 2, 3, 4], continuations: [[5], [6]], answer: 0, line: 0)
    let work = StepWork(
      try configuration(), batch: BatchShape(examples: [example, example], batchSize: 2))
    let first = 8 * matrices + 2 * (1 + 2 + 3 + 4) * 2 * 32
    let last = 8 * 2 * 32 * 32 + 2 * (2 * 32 * 32 + 2 * 32 * 56) + 2 * 4 * 2 * 32
    #expect(work.blockOperations == [Double(2 * first), Double(2 * last)])
    // Two logits for each example, a vector of 32 columns each.
    #expect(work.headOperations == Double(2 * 4 * 32 * 32))
  }

  @Test func costsAreThoseOfTheMeanMinibatch() throws {
    let short = EncodedExample(context: [1], continuations: [[2, 3]], answer: nil, line: 0)
    let long = EncodedExample(
      context: [1], continuations: [[2, 3, 4, 5, 6, 7]], answer: nil, line: 0)
    let configuration = try configuration()
    let mixed = StepWork(
      configuration, batch: BatchShape(examples: [short, long, short, long], batchSize: 2))
    let pair = StepWork(
      configuration, batch: BatchShape(examples: [short, long], batchSize: 2))
    #expect(mixed == pair)
  }

  @Test func parametersAreThoseOfTheShapes() throws {
    let work = StepWork(
      try configuration(), batch: BatchShape(examples: [], batchSize: 1))
    // Four projections with biases, two layers with biases, two norms.
    let block = 4 * (32 * 32 + 32) + 32 * 56 + 56 + 56 * 32 + 32 + 2 * 2 * 32
    #expect(work.blockParameters == [Double(block), Double(block)])
    #expect(work.blockOperations == [0, 0])
    #expect(StepWork.types(of: try configuration()) == [0, 0])
  }
}
