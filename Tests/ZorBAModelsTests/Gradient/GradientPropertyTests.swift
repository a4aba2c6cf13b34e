import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// What must hold of gradients whatever computes them.
@Suite struct GradientPropertyTests {
  /// The gradient predicts how the loss changes along random directions.
  @Test(arguments: GoldenCase.float32, GradientLoss.allCases)
  func centralDifferencesAgree(_ golden: GoldenCase, _ loss: GradientLoss) throws {
    let compute = try Computes.one()
    let working = try WorkingCopy(of: golden.checkpoint)
    let model = try Model(
      configuration: golden.configuration, source: working, compute: compute)
    // Short sequences: rounding of the loss is what limits differences.
    let sequences = try golden.sequences.map { Array($0.prefix(12)) }
    let gradients = try model.gradient(of: loss, sequences).gradients
    let request = loss.request(sequences)
    for seed in UInt64(0)..<3 {
      var predicted = 0.0
      var losses: [Double] = []
      // Small against the distance to the kinks of ReLU.
      let scale: Float = 2e-4
      for sign: Float in [1, -2, 1] {
        var random = SeededGenerator(seed: seed)
        predicted = 0
        for (index, parameter) in model.trainable.all.enumerated() {
          let weights = parameter.tensor.bytes.bindMemory(
            to: Float.self, capacity: parameter.tensor.elementCount)
          for place in 0..<parameter.tensor.elementCount {
            let direction: Float = Bool.random(using: &random) ? 1 : -1
            predicted += Double(direction * gradients[index][place])
            weights[place] += sign * scale * direction
          }
        }
        losses.append(loss.loss(try model.score(request).values))
      }
      let difference = (losses[0] - losses[1]) / (2 * Double(scale))
      let error = abs(difference - predicted) / gradients.norm
      #expect(error <= 5e-2, "predicted \(predicted), found \(difference)")
    }
  }

  /// Blocks run again on the way back give the same bits, in less memory.
  @Test(arguments: GoldenCase.all, GradientLoss.allCases)
  func checkpointingChangesNoBit(_ golden: GoldenCase, _ loss: GradientLoss) throws {
    let model = try golden.model(Computes.one())
    let sequences = try golden.sequences
    let plain = try model.gradient(of: loss, sequences)
    let checkpointed = try model.gradient(
      of: loss, sequences, options: BackwardOptions(checkpointing: true))
    #expect(plain.loss == checkpointed.loss)
    #expect(plain.gradients.elements == checkpointed.gradients.elements)
    let request = loss.request(sequences)
    let bytes = try model.gradientActivationBytes(for: request)
    let fewer = try model.gradientActivationBytes(
      for: request, options: BackwardOptions(checkpointing: true))
    // With one query a sequence, the last block is small either way.
    if loss == .lm { #expect(fewer < bytes) }
  }

  /// Sequence by sequence or all at once, and whatever the threads.
  @Test(arguments: GoldenCase.float32)
  func accumulationIsOneLargeBatch(_ golden: GoldenCase) throws {
    let model = try golden.model(Computes.one())
    let sequences = try golden.sequences.filter { $0.count > 1 }
    let whole = try model.gradient(of: .lm, sequences).gradients
    let parts = try Gradients(of: model.trainable, compute: model.compute)
    let count = Double(sequences.reduce(0) { $0 + $1.count - 1 })
    for sequence in sequences {
      try model.accumulateGradient(of: .languageModelling([sequence]), into: parts) {
        $0.values.map { _ in -1 / count }
      }
    }
    #expect(parts.relativeDistance(to: whole) <= 1e-5)
    for threads in [1, 3] {
      let other = try golden.model(ComputeContext(precision: .float32, threads: threads))
      #expect(try other.gradient(of: .lm, sequences).gradients.elements == whole.elements)
    }
  }

  /// A frozen parameter changes no gradient of another, and spares memory.
  @Test(arguments: GoldenCase.float32, [false, true])
  func frozenParametersCostNothing(_ golden: GoldenCase, _ checkpointing: Bool) throws {
    let model = try golden.model(Computes.one())
    let sequences = try golden.sequences
    let options = BackwardOptions(checkpointing: checkpointing)
    let all = try model.gradient(of: .lm, sequences, options: options).gradients
    var random = SeededGenerator(seed: 9)
    var byName: [String: [Float]] = [:]
    for (index, parameter) in all.parameters.enumerated() {
      byName[parameter.name] = Array(all[index])
    }
    let last = model.trainable.blocks.count - 1
    for round in 0..<6 {
      // Everything in the upper blocks, then arbitrary selections.
      let blocks = model.trainable.blocks.enumerated().map { block, parameters in
        parameters.filter { _ in
          round == 0 ? block == last : Int.random(in: 0..<4, using: &random) == 0
        }.map { (name: $0.name, tensor: $0.tensor) }
      }
      let set = ParameterSet(blocks: blocks)
      let some = try model.gradient(of: .lm, sequences, options: options, for: set).gradients
      for (index, parameter) in some.parameters.enumerated() {
        #expect(byName[parameter.name] == Array(some[index]), "\(parameter.name)")
      }
      let request = GradientLoss.lm.request(sequences)
      let bytes = try model.gradientActivationBytes(for: request, options: options, of: set)
      #expect(try bytes <= model.gradientActivationBytes(for: request, options: options))
    }
    // The kept rows of the head and the residual stream's shadow remain.
    let none = try model.gradientActivationBytes(
      for: .languageModelling(sequences), of: ParameterSet(blocks: []))
    #expect(try none <= model.activationBytes(for: .languageModelling(sequences)) * 5 / 4 + 4096)
  }

  /// Recording changes no score.
  @Test(arguments: GoldenCase.all)
  func scoresAreThoseOfScoring(_ golden: GoldenCase) throws {
    let model = try golden.model(Computes.one())
    var request = try ScoringRequest.languageModelling(golden.sequences)
    request.queries.append(.init(sequence: 1, position: 0, targets: [5, 5, 7], normalised: false))
    let gradients = try Gradients(of: model.trainable, compute: model.compute)
    let result = try model.accumulateGradient(of: request, into: gradients) {
      $0.values.map { _ in 1 }
    }
    #expect(try result == model.score(request))
    #expect(gradients.norm > 0 && gradients.norm.isFinite)
    let norm = gradients.norm
    gradients.scale(by: 0.5)
    #expect(abs(gradients.norm - norm / 2) <= 1e-12 * norm)
    gradients.zero()
    #expect(gradients.norm == 0)
  }
}
