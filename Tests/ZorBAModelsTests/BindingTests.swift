import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAModels
import ZorBATensor

/// How a checkpoint's tensors find their places.
@Suite struct BindingTests {
  private func source(_ golden: GoldenCase) throws -> MemoryTensors {
    var source = MemoryTensors()
    for name in golden.checkpoint.tensorNames {
      source.add(name, try golden.checkpoint.tensor(named: name))
    }
    return source
  }

  private func model(_ golden: GoldenCase, _ source: MemoryTensors) throws -> Model {
    try Model(configuration: golden.configuration, source: source, compute: Computes.one())
  }

  @Test(arguments: GoldenCase.all)
  func namesMayLackTheBaseModelPrefix(_ golden: GoldenCase) throws {
    var stripped = MemoryTensors()
    for name in golden.checkpoint.tensorNames {
      let prefix = golden.configuration.family == .gpt2 ? "transformer." : "model."
      stripped.add(
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name,
        try golden.checkpoint.tensor(named: name))
    }
    let bound = try model(golden, stripped)
    let plain = try golden.model(Computes.one())
    #expect(bound.parameters.all.map(\.name) == plain.parameters.all.map(\.name))
    #expect(try bound.logits([5, 6]).floats() == plain.logits([5, 6]).floats())
  }

  /// Roles number the sorted names of a block; blocks count from the outer one.
  @Test(arguments: GoldenCase.all)
  func identifiersFollowTheSortedNames(_ golden: GoldenCase) throws {
    let parameters = try golden.model(Computes.one()).parameters
    #expect(parameters.blocks.count == golden.configuration.layerCount + 1)
    let shapes = golden.configuration.parameterShapes
    for (block, (bound, declared)) in zip(parameters.blocks, shapes).enumerated() {
      #expect(bound.map(\.name) == declared.map(\.name))
      #expect(bound.map(\.tensor.shape) == declared.map(\.shape))
      #expect(bound.map(\.id) == bound.indices.map { TensorID(block: block, role: $0) })
      let names = bound.map { Array($0.name.utf8) }
      #expect(zip(names, names.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
      if block > 0 {
        #expect(bound.allSatisfy { $0.name.split(separator: ".").contains("\(block - 1)") })
      }
    }
    #expect(Set(parameters.all.map(\.name)) == Set(golden.checkpoint.tensorNames))
  }

  @Test(arguments: GoldenCase.all)
  func missingAndWronglyShapedTensorsAreNamed(_ golden: GoldenCase) throws {
    for name in golden.checkpoint.tensorNames {
      var missing = try source(golden)
      missing.remove(name)
      let absent = try #require(throws: ZorBAError.self) { try model(golden, missing) }
      #expect(absent.code == .invalidModel)
      #expect(absent.message.contains(name) && absent.message.contains("missing"))

      var bent = try source(golden)
      let tensor = try golden.checkpoint.tensor(named: name)
      let shape = tensor.shape.count == 1 ? [1] + tensor.shape : [tensor.elementCount]
      bent.add(
        name,
        try Tensor(
          dtype: .float32, shape: shape, bytes: tensor.bytes, owner: AlignedBuffer(byteCount: 1)))
      let wrong = try #require(throws: ZorBAError.self) { try model(golden, bent) }
      #expect(wrong.code == .invalidModel)
      #expect(wrong.message.contains("\(tensor.shape)") && wrong.message.contains("\(shape)"))
    }
  }

  @Test func unexpectedTensorsAreNamedAndKnownBuffersIgnored() throws {
    let golden = try GoldenCase.named("gpt2")
    var extra = try source(golden)
    for buffer in ["transformer.h.0.attn.bias", "transformer.h.1.attn.masked_bias"] {
      try extra.add(buffer, shape: [1, 1, 2, 2], [1, 0, 1, 1])
    }
    #expect(try model(golden, extra).parameters.all.count > 0)
    try extra.add("score.weight", shape: [1], [1])
    let error = try #require(throws: ZorBAError.self) { try model(golden, extra) }
    #expect(error.code == .invalidModel && error.message.contains("score.weight"))
  }

  @Test func tiedHeadMayBeStoredTwiceButNotDiffer() throws {
    let golden = try GoldenCase.named("opt")
    var twice = try source(golden)
    let embedding = try golden.checkpoint.tensor(named: "model.decoder.embed_tokens.weight")
    twice.add("lm_head.weight", embedding)
    let bound = try model(golden, twice)
    #expect(!bound.parameters.all.map(\.name).contains("lm_head.weight"))
    var values = try embedding.floats()
    values[3] += 1
    try twice.add("lm_head.weight", shape: embedding.shape, values)
    let error = try #require(throws: ZorBAError.self) { try model(golden, twice) }
    #expect(error.message.contains("lm_head.weight"))
  }

  /// Binding again over copies of the tensors gives the same model.
  @Test(arguments: GoldenCase.all)
  func parametersCanBeReplacedByCopies(_ golden: GoldenCase) throws {
    let compute = try Computes.one()
    let plain = try golden.model(compute)
    let copies = try ParameterSet(
      blocks: plain.parameters.blocks.map { block in
        try block.map { parameter in
          let buffer = try AlignedBuffer(byteCount: parameter.tensor.byteCount)
          UnsafeMutableRawBufferPointer(start: buffer.bytes, count: parameter.tensor.byteCount)
            .copyMemory(from: parameter.tensor.rawBytes)
          return (
            parameter.name,
            Tensor(
              dtype: parameter.tensor.dtype, shape: parameter.tensor.shape, bytes: buffer.bytes,
              owner: buffer)
          )
        }
      })
    let copied = try Model(
      configuration: golden.configuration, parameters: copies, compute: compute)
    #expect(try copied.logits([9, 4, 7]).floats() == plain.logits([9, 4, 7]).floats())
    #expect(throws: ZorBAError.self) {
      try Model(
        configuration: golden.configuration,
        parameters: ParameterSet(blocks: [[]]), compute: compute)
    }
  }

  @Test func requestsOutsideTheModelAreErrors() throws {
    let model = try RandomModel.llama(vocabulary: 40, seed: 2, compute: Computes.one())
    func code(_ request: ScoringRequest, _ plan: PerturbationPlan? = nil) -> ZorBAError.Code? {
      #expect(throws: ZorBAError.self) { try model.score(request, plan: plan) }?.code
    }
    func query(_ sequence: Int, _ position: Int, _ targets: [Int32]) -> ScoringRequest {
      ScoringRequest(
        sequences: [[1, 2]],
        queries: [.init(sequence: sequence, position: position, targets: targets)])
    }
    for sequence: [Int32] in [[], [40], [-1], Array(repeating: 0, count: 129)] {
      #expect(code(.languageModelling([[1], sequence])) == .invalidData)
      #expect(throws: ZorBAError.self) { try model.logits(sequence) }
    }
    for request in [
      query(1, 0, [1]), query(-1, 0, [1]), query(0, 2, [1]), query(0, -1, [1]), query(0, 0, [40]),
      query(0, 0, [1, -7]),
    ] {
      #expect(code(request) == .invalidData)
    }
    let direction = Direction(seed: 0, distribution: .gaussian)
    for plan in [
      PerturbationPlan(directions: [], scale: 1, active: [1]),
      PerturbationPlan(directions: [direction], scale: .nan, active: [1]),
      PerturbationPlan(directions: [direction], scale: 1, active: [3]),
      PerturbationPlan(directions: [direction], scale: 1, active: [-1]),
    ] {
      #expect(code(query(0, 0, [1]), plan) == .invalidConfiguration)
    }
  }
}
