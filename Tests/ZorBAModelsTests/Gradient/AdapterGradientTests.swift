import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// Gradients of adapters against those of the models they make.
@Suite struct AdapterGradientTests {
  /// The chain rule from the merged model, whose gradients are checked against autograd.
  @Test(arguments: GoldenCase.all, AdapterKind.allCases)
  func gradientsFollowFromThoseOfTheMergedModel(
    _ golden: GoldenCase, _ kind: AdapterKind
  ) throws {
    let base = try golden.model(Computes.one())
    let description = kind.description(for: golden.configuration)
    let model = try base.adapted(by: description)
    let merged = try model.merged()
    let sequences = try golden.sequences
    for loss in GradientLoss.allCases {
      let found = try model.gradient(of: loss, sequences)
      let whole = try merged.gradient(of: loss, sequences)
      #expect(abs(found.loss - whole.loss) <= 1e-4)
      let rule = try AdapterChainRule(model, description, merged: whole.gradients)
      var expected: [String: [Double]] = [:]
      for module in golden.configuration.adaptedModules(by: description) {
        expected.merge(rule.expected(module)) { first, _ in first }
      }
      let error = found.gradients.largestError(against: expected)
      #expect(error <= 1e-4, "\(loss)")
    }
  }

  /// A base of 4 bits passes back what the matrices it stands for do.
  @Test(arguments: GoldenCase.all, AdapterKind.allCases)
  func quantisedBasesPassBackAsTheirMatrices(_ golden: GoldenCase, _ kind: AdapterKind) throws {
    let base = try golden.model(Computes.one())
    let held = try NF4Base(of: base) { _, _ in }
    let description = kind.description(for: golden.configuration)
    let model = try base.adapted(by: description, quantised: held)
    let restored = try base.restored(from: held).adapted(by: description)
    let sequences = try golden.sequences
    for loss in GradientLoss.allCases {
      let found = try model.gradient(of: loss, sequences)
      let expected = try restored.gradient(of: loss, sequences)
      #expect(abs(found.loss - expected.loss) <= 1e-4)
      let error = found.gradients.largestError(against: expected.gradients.byName)
      #expect(error <= 1e-4, "\(loss)")
      let stored = try base.adapted(by: description).gradient(of: loss, sequences)
      #expect(found.gradients.relativeDistance(to: stored.gradients) > 1e-3)
    }
  }

  /// Adapters of some layers only: blocks without are passed through or, at the bottom, not recorded.
  @Test(arguments: GoldenCase.float32, AdapterKind.allCases)
  func adaptersOfSomeLayersHaveTheGradientsOfAll(
    _ golden: GoldenCase, _ kind: AdapterKind
  ) throws {
    let base = try golden.model(Computes.one())
    let all = kind.description(for: golden.configuration)
    let modules = golden.configuration.adaptedModules(by: all)
    var random = SeededGenerator(seed: 8)
    for _ in 0..<3 {
      let some = modules.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
      guard !some.isEmpty else { continue }
      var description = kind.description(
        for: golden.configuration, targets: .modules(some))
      if case .scaling(let names) = description.kind {
        description.kind = .scaling(
          feedForward: names.filter { name in some.contains { $0.hasSuffix(name) } })
      }
      let model = try base.adapted(by: description)
      let sequences = try golden.sequences
      let whole = try model.merged().gradient(of: .lm, sequences)
      let rule = try AdapterChainRule(model, description, merged: whole.gradients)
      var expected: [String: [Double]] = [:]
      for module in golden.configuration.adaptedModules(by: description) {
        expected.merge(rule.expected(module)) { first, _ in first }
      }
      for checkpointing in [false, true] {
        let found = try model.gradient(
          of: .lm, sequences, options: BackwardOptions(checkpointing: checkpointing))
        #expect(found.gradients.largestError(against: expected) <= 1e-4, "\(some)")
      }
    }
  }

  /// Blocks run again on the way back give the same bits, whatever the base and the masks.
  @Test(arguments: GoldenCase.all, AdapterKind.allCases)
  func checkpointingChangesNoBit(_ golden: GoldenCase, _ kind: AdapterKind) throws {
    let base = try golden.model(Computes.one())
    let description = kind.description(for: golden.configuration, dropout: 0.3)
    let sequences = try golden.sequences
    for quantised in [nil, try NF4Base(of: base) { _, _ in }] {
      let model = try base.adapted(by: description, quantised: quantised)
      for loss in GradientLoss.allCases {
        for seed in [nil, UInt64(77)] {
          let plain = try model.gradient(
            of: loss, sequences, options: BackwardOptions(dropoutSeed: seed))
          let again = try model.gradient(
            of: loss, sequences,
            options: BackwardOptions(checkpointing: true, dropoutSeed: seed))
          #expect(plain.loss == again.loss)
          #expect(plain.gradients.elements == again.gradients.elements)
        }
      }
    }
  }

  /// The adapter alone has gradients; what it stands beside is read.
  @Test(arguments: AdapterKind.allCases)
  func theBaseStaysAsItIs(_ kind: AdapterKind) throws {
    for golden in GoldenCase.float32 {
      let base = try golden.model(Computes.one()).copied()
      let before = try base.parameters.all.map { try $0.tensor.floats() }
      let description = kind.description(for: golden.configuration, dropout: 0.1)
      let model = try base.adapted(by: description)
      let names = try golden.configuration.adapterEntries(description).flatMap { $0 }.map(\.name)
      #expect(model.trainable.all.map(\.name) == names)
      let gradients = try model.gradient(
        of: .lm, golden.sequences, options: BackwardOptions(dropoutSeed: 5)
      ).gradients
      #expect(gradients.parameters.map(\.name) == names)
      #expect(gradients.parameters.indices.allSatisfy { gradients[$0].contains { $0 != 0 } })
      for (parameter, values) in zip(base.parameters.all, before) {
        #expect(try parameter.tensor.floats() == values)
      }
    }
  }
}

/// Dropout before the first matrix of a LoRA.
@Suite struct DropoutGradientTests {
  private static let options = BackwardOptions(dropoutSeed: 1234)

  private func model(_ golden: GoldenCase, dropout: Double) throws -> Model {
    try golden.model(Computes.one()).adapted(
      by: AdapterKind.lowRank.description(for: golden.configuration, dropout: dropout))
  }

  /// Without a seed there are no masks; with one they follow from it alone.
  @Test(arguments: GoldenCase.float32)
  func masksFollowFromTheSeed(_ golden: GoldenCase) throws {
    let plain = try model(golden, dropout: 0)
    let dropping = try model(golden, dropout: 0.4)
    let sequences = try golden.sequences
    let expected = try plain.gradient(of: .lm, sequences)
    let without = try dropping.gradient(of: .lm, sequences)
    #expect(without.loss == expected.loss)
    #expect(without.gradients.elements == expected.gradients.elements)
    let seeded = try plain.gradient(of: .lm, sequences, options: Self.options)
    #expect(seeded.gradients.elements == expected.gradients.elements)

    let first = try dropping.gradient(of: .lm, sequences, options: Self.options)
    let again = try dropping.gradient(of: .lm, sequences, options: Self.options)
    #expect(first.loss == again.loss && first.loss != expected.loss)
    #expect(first.gradients.elements == again.gradients.elements)
    let other = try dropping.gradient(
      of: .lm, sequences, options: BackwardOptions(dropoutSeed: 1235))
    #expect(other.loss != first.loss)
    // Scoring is no training.
    let request = GradientLoss.lm.request(sequences)
    #expect(try GradientLoss.lm.loss(dropping.score(request).values) == expected.loss)
  }

  /// Masks have the share asked for, and keep the mean.
  @Test func masksLeaveOutTheirShare() throws {
    let golden = try GoldenCase.named("llama")
    let sequences = try golden.sequences
    // With all but no dropout the loss is close to that without; the masks grow with the share.
    let plain = try model(golden, dropout: 0).gradient(of: .lm, sequences).loss
    let little = try model(golden, dropout: 1e-6).gradient(
      of: .lm, sequences, options: Self.options
    ).loss
    #expect(abs(little - plain) <= 1e-4)
    let much = try model(golden, dropout: 0.9).gradient(
      of: .lm, sequences, options: Self.options
    ).loss
    #expect(abs(much - plain) > 1e-3)
  }

  /// The gradient is that of the masks drawn: differences of the loss under the same masks agree.
  @Test(arguments: GoldenCase.float32, [false, true])
  func centralDifferencesAgreeUnderFixedMasks(
    _ golden: GoldenCase, _ checkpointing: Bool
  ) throws {
    let model = try model(golden, dropout: 0.4)
    let sequences = try golden.sequences.map { Array($0.prefix(12)) }
    var options = Self.options
    options.checkpointing = checkpointing
    let gradients = try model.gradient(of: .lm, sequences, options: options).gradients
    let elements = gradients.elements
    for seed in UInt64(0)..<3 {
      // Along the gradient itself, then along random signs.
      var random = SeededGenerator(seed: seed)
      let direction: [Float] = elements.map {
        seed == 0
          ? $0 / Float(gradients.norm) * Float(elements.count).squareRoot()
          : Bool.random(using: &random) ? 1 : -1
      }
      // Small steps: a model that drops inputs at random is curved.
      let scale: Float =
        seed == 0 ? 5e-3 / (Float(gradients.norm) * Float(elements.count).squareRoot()) : 2e-4
      var losses: [Double] = []
      for sign: Float in [1, -2, 1] {
        var place = 0
        for parameter in model.trainable.all {
          let weights = parameter.tensor.bytes.bindMemory(
            to: Float.self, capacity: parameter.tensor.elementCount)
          for index in 0..<parameter.tensor.elementCount {
            weights[index] += sign * scale * direction[place]
            place += 1
          }
        }
        losses.append(try model.gradient(of: .lm, sequences, options: options).loss)
      }
      let difference = (losses[0] - losses[1]) / (2 * Double(scale))
      let predicted = zip(elements, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
      let length = seed == 0 ? abs(predicted) : gradients.norm
      #expect(
        abs(difference - predicted) <= (seed == 0 ? 1e-2 : 5e-2) * length,
        "predicted \(predicted), found \(difference)")
    }
  }
}
