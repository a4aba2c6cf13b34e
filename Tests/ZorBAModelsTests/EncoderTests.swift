import CZorBAKernels
import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// Encoders against transformers (float32, eager attention), plainly and under perturbation.
@Suite struct EncoderTests {
  @Test func everyKindHasACase() {
    #expect(EncoderCase.all.count == 8)
    #expect(Set(EncoderCase.all.map(\.configuration.family)) == [.bert, .roberta])
    let heads = EncoderCase.all.map(\.configuration.head)
    #expect(heads.contains(.maskedLM) && heads.contains(.sequenceClassifier(labels: 5)))
    #expect(heads.contains(.embedding))
  }

  @Test(arguments: EncoderCase.all, Computes.all)
  func hiddenStatesAndEmbeddingsAgree(_ golden: EncoderCase, _ setting: Computes.Setting) throws {
    let model = try golden.model(setting.compute)
    let inputs = try (0..<golden.inputCount).map { try golden.input($0) }
    for (index, tokens) in inputs.enumerated() {
      let expected = try golden.values("hidden.\(index)")
      let found = try model.hiddenStates(tokens).floats().suffix(expected.count)
      #expect(distance(Array(found), expected) <= 1e-4, "input \(index), \(tokens.count) tokens")
    }
    // Several texts at once do not see each other.
    for (index, found) in try model.embeddings(of: inputs).enumerated() {
      #expect(distance(found, try golden.values("embedding.\(index)")) <= 1e-5, "input \(index)")
    }
  }

  @Test(arguments: EncoderCase.all.filter { $0.configuration.head == .maskedLM }, Computes.all)
  func logitsOfMaskedModelsAgree(_ golden: EncoderCase, _ setting: Computes.Setting) throws {
    let model = try golden.model(setting.compute)
    for index in 0..<golden.inputCount {
      let expected = try golden.values("logits.\(index)")
      let found = try model.logits(golden.input(index)).floats().suffix(expected.count)
      #expect(distance(Array(found), expected) <= 1e-4, "input \(index)")
    }
  }

  /// A query asks for one position, so the last block computes one query only, over all keys.
  @Test(arguments: EncoderCase.all.filter { $0.configuration.head == .maskedLM })
  func queriesInsideTextsSeeAllOfThem(_ golden: EncoderCase) throws {
    let model = try golden.model(Computes.one())
    let vocabulary = golden.configuration.vocabularySize
    var request = ScoringRequest(sequences: [], queries: [])
    var expected: [Double] = []
    for index in 0..<golden.inputCount {
      let tokens = try golden.input(index)
      let logits = try golden.values("logits.\(index)")
      request.sequences.append(tokens)
      let row = logits.count / vocabulary / 2
      request.queries.append(
        .init(
          sequence: index, position: tokens.count - logits.count / vocabulary + row,
          targets: [5, 95, 0, 5], normalised: false))
      expected += [5, 95, 0, 5].map { Double(logits[row * vocabulary + $0]) }
    }
    let result = try model.score(request)
    #expect(zip(result.values, expected).allSatisfy { abs($0 - $1) <= 1e-4 })
  }

  @Test(arguments: ["bert-classifier", "roberta-classifier"], Computes.all)
  func classifiersAgree(_ name: String, _ setting: Computes.Setting) throws {
    let golden = try EncoderCase.named(name)
    let model = try golden.model(setting.compute)
    for index in 0..<golden.inputCount {
      let expected = try golden.values("logits.\(index)")
      let result = try model.score(wholeTexts([golden.input(index)], labels: expected.count))
      #expect(distance(result.values.map { Float($0) }, expected) <= 1e-4, "input \(index)")
    }
  }

  @Test(arguments: ["bert", "roberta"])
  func prototypesGiveScaledCosines(_ name: String) throws {
    let golden = try EncoderCase.named(name)
    let inputs = try (0..<golden.inputCount).map { try golden.input($0) }
    let embeddings = try inputs.indices.map { try golden.values("embedding.\($0)") }
    let prototypes = [embeddings[1], embeddings[0].map { -3 * $0 }, embeddings[2]]
    let model = try golden.model(Computes.one(), head: .prototypes)
      .with(prototypes: Prototypes(prototypes))
    let result = try model.score(wholeTexts(inputs, labels: 3))
    for (index, embedding) in embeddings.enumerated() {
      for (label, prototype) in [embeddings[1], embeddings[0].map { -$0 }, embeddings[2]]
        .enumerated()
      {
        let cosine = zip(embedding, prototype).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(result[0, index][result[0, index].startIndex + label] - 20 * cosine) <= 1e-3)
      }
    }
  }

  /// Every head under perturbation scores like a model with the weights of that branch written out.
  @Test(arguments: EncoderCase.all, [1, 3])
  func branchesScoreLikeExplicitlyPerturbedModels(
    _ golden: EncoderCase, _ directions: Int
  ) throws {
    var random = SeededGenerator(seed: 5)
    let compute = try ComputeContext(precision: .float32, threads: 2)
    let head = golden.configuration.head == .embedding ? OutputHead.prototypes : nil
    func prepared(_ source: any TensorSource) throws -> Model {
      let model = try Model(
        configuration: head.map { try golden.configuration.with(head: $0) }
          ?? golden.configuration, source: source, compute: compute)
      guard head != nil else { return model }
      return try model.with(
        prototypes: Prototypes([golden.values("embedding.0"), golden.values("embedding.1")]))
    }
    let model = try prepared(golden.checkpoint)
    let inputs = try (0..<golden.inputCount).map { try golden.input($0) }
    let blocks = golden.configuration.blockCount
    for active: Set<Int> in [[0], [blocks - 1], Set(1..<blocks), Set(0..<blocks)] {
      let plan = PerturbationPlan(
        directions: (0..<directions).map { _ in
          Direction(seed: random.next(), distribution: .gaussian)
        }, scale: 0.03, active: active)
      let request = wholeTexts(inputs, labels: 2)
      let result = try model.score(request, plan: plan)
      for branch in 0..<result.branchCount {
        var source = MemoryTensors()
        for parameter in model.parameters.all {
          try source.add(
            parameter.name, shape: parameter.tensor.shape,
            perturbed(parameter, plan: plan, branch: branch, compute: compute))
        }
        let expected = try prepared(source).score(request)
        let error = zip(result.scores(branch: branch), expected.values).reduce(0.0) {
          max($0, abs($1.0 - $1.1))
        }
        #expect(error <= 5e-4, "branch \(branch), active \(active.sorted())")
      }
    }
  }

  private func perturbed(
    _ parameter: Parameter, plan: PerturbationPlan, branch: Int, compute: ComputeContext
  ) throws -> [Float] {
    var values = try parameter.tensor.floats()
    guard plan.active.contains(parameter.id.block) else { return values }
    var direction = plan.directions[branch / 2].restricted(to: parameter.id)
    let width = parameter.tensor.rowLength
    var z = [Float](repeating: 0, count: width)
    for row in 0..<parameter.tensor.rowCount {
      compute.kernels.perturbation(&direction, UInt32(row), 0, width, &z)
      for column in 0..<width {
        values[row * width + column] += (branch % 2 == 0 ? 1 : -1) * plan.scale * z[column]
      }
    }
    return values
  }

  private func wholeTexts(_ texts: [[Int32]], labels: Int) -> ScoringRequest {
    ScoringRequest(
      sequences: texts,
      queries: texts.indices.map {
        .init(
          sequence: $0, position: texts[$0].count - 1, targets: (0..<labels).map { Int32($0) },
          normalised: false)
      })
  }

  private func distance(_ found: [Float], _ expected: [Float]) -> Float {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }
}

/// What encoders cannot do is refused, with a sentence that says why.
@Suite struct EncoderRefusalTests {
  private func code(_ body: () throws -> Void) -> ZorBAError.Code? {
    #expect(throws: ZorBAError.self, performing: body)?.code
  }

  @Test func encodersGenerateNothing() throws {
    let model = try EncoderCase.named("bert-masked").model(Computes.one())
    #expect(
      code {
        _ = try Generator(model: model).generate(
          prompt: [3, 4], options: GenerationOptions(maximumTokens: 2))
      } == .unsupportedModel)
  }

  @Test func modelsWithoutAVocabularyHeadHaveNoLogits() throws {
    let model = try EncoderCase.named("bert").model(Computes.one())
    #expect(code { _ = try model.logits([3, 4]) } == .unsupportedModel)
    #expect(code { _ = try model.embeddings(of: [[]]) } == .invalidData)
    #expect(code { _ = try model.embeddings(of: [[96]]) } == .invalidData)
    let query = ScoringRequest.Query(sequence: 0, position: 0, targets: [0], normalised: false)
    let bare = try EncoderCase.named("bert").model(Computes.one(), head: .prototypes)
    #expect(
      code { _ = try bare.score(.init(sequences: [[3]], queries: [query])) } == .invalidData)
  }

  @Test func decodersEmbedNothingAndTakeNoOtherHead() throws {
    let golden = try GoldenCase.named("opt")
    let model = try golden.model(Computes.one())
    #expect(code { _ = try model.embeddings(of: [[3]]) } == .unsupportedModel)
    #expect(
      code { _ = try golden.configuration.with(head: .prototypes) } == .invalidConfiguration)
    let bert = try EncoderCase.named("bert").configuration
    #expect(code { _ = try bert.with(head: .languageModel) } == .invalidConfiguration)
  }

  @Test func aHeadThatTheCheckpointLacksIsNamed() throws {
    let golden = try EncoderCase.named("bert")
    let error = #expect(throws: ZorBAError.self) {
      try golden.model(Computes.one(), head: .maskedLM)
    }
    #expect(error?.location.field?.hasPrefix("cls.predictions.") == true)
  }

  @Test(arguments: [
    ("position_embedding_type", JSONValue.string("relative_key")), ("is_decoder", .bool(true)),
    ("hidden_act", .string("mish")), ("max_position_embeddings", .integer(2)),
    ("num_attention_heads", .integer(5)), ("num_labels", .integer(1)),
  ])
  func otherShapesAreRefused(_ key: String, _ value: JSONValue) throws {
    let base: [(String, JSONValue)] = [
      ("model_type", "roberta"), ("architectures", ["RobertaForSequenceClassification"]),
      ("hidden_size", 8), ("num_attention_heads", 2), ("num_hidden_layers", 1),
      ("intermediate_size", 8), ("vocab_size", 9),
    ]
    var object = JSONObject()
    for (name, kept) in base where name != key { _ = object.append(.init(key: name, value: kept)) }
    _ = object.append(.init(key: key, value: value))
    #expect(throws: ZorBAError.self) { try ModelConfiguration(huggingFace: .object(object)) }
  }
}
