import ZorBADiagnostics
package import ZorBATensor

extension Model {
  /// Logits after every token of one sequence: a binary32 tensor [tokens, vocabulary].
  ///
  /// - Throws: `ZorBAError`: `invalidData` for an empty or overlong sequence or a token id outside
  ///   the vocabulary; `inputOutput` when memory is exhausted.
  package func logits(_ tokens: [Int32]) throws -> Tensor {
    try requireVocabulary()
    try validate(tokens, name: "the sequence")
    let vocabulary = configuration.vocabularySize
    let buffer = try AlignedBuffer(byteCount: tokens.count * vocabulary * 4)
    let out = Activation(
      base: buffer.bytes.bindMemory(to: Float.self, capacity: tokens.count * vocabulary),
      branches: 1, rows: tokens.count, width: vocabulary, stride: vocabulary)
    try run(PackedBatch([tokens])) { pass in
      pass.logits(decoder.head, headInput(pass, rows: Array(tokens.indices)), into: out)
    }
    return Tensor(
      dtype: .float32, shape: [tokens.count, vocabulary], bytes: buffer.bytes, owner: buffer)
  }

  /// Logits after the last of `tokens`, which follow what the cache holds: [vocabulary].
  ///
  /// The tokens join the cache. They must be valid and fit.
  func nextLogits(after tokens: [Int32], cache: KeyValueCache) throws -> [Float] {
    try cache.reserve(tokens.count)
    let batch = PackedBatch([tokens], past: cache.count)
    let vocabulary = configuration.vocabularySize
    let logits = try run(batch, cache: cache) { pass in
      let hidden = headInput(pass, rows: [tokens.count - 1])
      let out = pass.activation(rows: 1, width: vocabulary)
      pass.logits(decoder.head, hidden, into: out)
      return pass.isMeasuring ? [] : Array(UnsafeBufferPointer(start: out.base, count: vocabulary))
    }
    cache.advance(tokens.count)
    return logits
  }
}
