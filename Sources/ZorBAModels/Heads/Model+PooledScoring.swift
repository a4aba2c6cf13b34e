import ZorBADiagnostics
package import ZorBATensor

extension Model {
  /// How many values a query can ask for: tokens, labels or elements of an embedding.
  var outputCount: Int {
    switch configuration.head {
    case .languageModel, .maskedLM: configuration.vocabularySize
    case .embedding: configuration.hiddenSize
    case .prototypes: prototypes?.count ?? 0
    case .classifier(let labels), .sequenceClassifier(let labels): labels
    }
  }

  /// The same model with the prototypes that its head compares texts with.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when they are not of the model's width.
  package func with(prototypes: Prototypes) throws -> Model {
    guard prototypes.width == configuration.hiddenSize else {
      throw ZorBAError(
        .invalidConfiguration,
        "prototypes have \(prototypes.width) elements, embeddings \(configuration.hiddenSize)")
    }
    var model = self
    model.prototypes = prototypes
    return model
  }

  /// Values of all targets of a head that looks at texts as wholes: [branches, targets].
  func scorePooled(
    _ request: ScoringRequest, _ layout: QueryLayout, _ pass: ForwardPass
  ) -> [Double] {
    let sequences = Set(request.queries.map(\.sequence)).sorted()
    let outputs = pooledOutputs(pass, sequences: sequences)
    var values = [Double](repeating: 0, count: outputs.branches * layout.targetCount)
    var places: [Int: Int] = [:]
    for (place, sequence) in sequences.enumerated() { places[sequence] = place }
    pass.recordPooledValues(
      outputs,
      request.queries.indices.flatMap { index in
        let query = request.queries[index]
        return query.targets.indices.map {
          ForwardPass.PooledValue(
            row: places[query.sequence] ?? 0, column: Int(query.targets[$0]),
            place: layout.offsets[index] + $0)
        }
      })
    if pass.isMeasuring { return values }
    for branch in 0..<outputs.branches {
      for (index, query) in request.queries.enumerated() {
        let row = outputs.row(places[query.sequence] ?? 0, branch: branch)
        let start = branch * layout.targetCount + layout.offsets[index]
        for (place, target) in query.targets.enumerated() {
          values[start + place] = Double(row[Int(target)])
        }
      }
    }
    return values
  }

  /// [branches, sequences, outputCount]
  private func pooledOutputs(_ pass: ForwardPass, sequences: [Int]) -> Activation {
    switch configuration.head {
    case .prototypes:
      let embedded = embedded(pass, sequences: sequences)
      return prototypes.map { pass.prototypeProducts(embedded, $0) } ?? embedded
    case .classifier:
      let embedded = embedded(pass, sequences: sequences)
      return decoder.classification.map { pass.linear($0.output, embedded) } ?? embedded
    case .sequenceClassifier:
      let first = headInput(pass, rows: sequences.map { pass.batch.sequences[$0].start })
      guard let head = decoder.classification, let dense = head.dense else { return first }
      let pooled = pass.linear(dense, first)
      pass.tanh(pooled)
      return pass.linear(head.output, pooled)
    case .embedding, .languageModel, .maskedLM: return embedded(pass, sequences: sequences)
    }
  }

  /// The texts' embeddings, of length 1: [branches, sequences, hiddenSize].
  private func embedded(_ pass: ForwardPass, sequences: [Int]) -> Activation {
    let parts = sequences.map { pass.batch.sequences[$0] }
    let rows = parts.flatMap { Array($0.start..<$0.start + $0.count) }
    let pooled = pass.meanPool(finalStates(pass, rows: rows), counts: parts.map(\.count))
    pass.normaliseRows(pooled)
    return pooled
  }
}

extension Model {
  /// Embeddings of texts: the mean of a text's hidden states, brought to length 1.
  ///
  /// - Throws: `ZorBAError`: `unsupportedModel` for a decoder; `invalidData` for empty or overlong
  ///   sequences or token ids outside the vocabulary; `inputOutput` when memory is exhausted.
  package func embeddings(of sequences: [[Int32]]) throws -> [[Float]] {
    try requireEncoder()
    try validate(sequences)
    guard !sequences.isEmpty else { return [] }
    let width = configuration.hiddenSize
    return try run(PackedBatch(sequences)) { pass in
      let embedded = embedded(pass, sequences: Array(sequences.indices))
      if pass.isMeasuring { return [] }
      return sequences.indices.map {
        Array(UnsafeBufferPointer(start: embedded.row($0), count: width))
      }
    }
  }

  /// Hidden states of one sequence after the last block: a binary32 tensor [tokens, hiddenSize].
  ///
  /// - Throws: As `embeddings(of:)`.
  package func hiddenStates(_ tokens: [Int32]) throws -> Tensor {
    try requireEncoder()
    try validate(tokens, name: "the sequence")
    let width = configuration.hiddenSize
    let buffer = try AlignedBuffer(byteCount: tokens.count * width * 4)
    let floats = buffer.bytes.bindMemory(to: Float.self, capacity: tokens.count * width)
    try run(PackedBatch([tokens])) { pass in
      let states = finalStates(pass, rows: Array(tokens.indices))
      if !pass.isMeasuring { floats.update(from: states.base, count: tokens.count * width) }
    }
    return Tensor(
      dtype: .float32, shape: [tokens.count, width], bytes: buffer.bytes, owner: buffer)
  }

  private func requireEncoder() throws {
    guard configuration.isEncoder else {
      throw ZorBAError(
        .unsupportedModel, "\(configuration.family.rawValue) is a decoder and embeds no texts",
        advice: "Use an encoder, such as a BERT or RoBERTa checkpoint.")
    }
  }

  /// Makes sure that the model gives scores of tokens.
  func requireVocabulary() throws {
    guard configuration.head.scoresTokens else {
      throw ZorBAError(
        .unsupportedModel, "the model has no head that scores tokens",
        advice: "Use a decoder, or an encoder with its masked-language-model head.")
    }
  }

  /// Makes sure that the model can continue a text.
  package func requireDecoder() throws {
    guard !configuration.isEncoder else {
      throw ZorBAError(
        .unsupportedModel,
        "\(configuration.family.rawValue) is an encoder: it sees a whole text and continues none",
        advice: "Generate with a decoder, such as an OPT, GPT-2, Llama or Qwen checkpoint.")
    }
  }
}
