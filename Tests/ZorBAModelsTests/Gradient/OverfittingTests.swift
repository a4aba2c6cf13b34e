import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Steps of AdamW bring the loss of one batch down, whatever is trained.
@Suite struct OverfittingTests {
  enum Way: CaseIterable, Sendable {
    case full, lowRank, quantisedLowRank, scaling, quantisedScaling

    func model(_ base: Model) throws -> Model {
      guard self != .full else { return base }
      let isLowRank = self == .lowRank || self == .quantisedLowRank
      let kind: AdapterKind = isLowRank ? .lowRank : .scaling
      let isQuantised = self == .quantisedLowRank || self == .quantisedScaling
      return try base.adapted(
        by: kind.description(for: base.configuration, dropout: isLowRank ? 0.05 : 0),
        quantised: isQuantised ? NF4Base(of: base) { _, _ in } : nil)
    }
  }

  @Test(arguments: ["opt", "gpt2", "llama"], Way.allCases)
  func decodersLearnTheirAnswers(_ name: String, _ way: Way) throws {
    let golden = try GoldenCase.named(name)
    let model = try way.model(golden.model(Computes.one()).copied())
    let sequences = try golden.sequences.map { Array($0.suffix(16)) }
    let request = GradientLoss.candidates.request(sequences)
    try overfit(
      model, request, GradientLoss.candidates.loss, GradientLoss.candidates.derivative,
      rate: 0.02)
  }

  @Test(arguments: ["bert", "roberta"], Way.allCases)
  func encodersMoveTowardsTheirPrototypes(_ name: String, _ way: Way) throws {
    let golden = try EncoderCase.named(name)
    let model = try way.model(golden.model(.prototypes, Computes.one()))
    let request = EncoderLoss.prototypes.request(try golden.texts)
    try overfit(
      model, request, EncoderLoss.prototypes.loss, EncoderLoss.prototypes.derivative,
      rate: way == .full ? 0.005 : 0.02)
  }

  private func overfit(
    _ model: Model, _ request: ScoringRequest, _ loss: ([Double]) -> Double,
    _ derivative: ([Double]) -> [Double], rate: Float
  ) throws {
    let before = try loss(model.score(request).values)
    let gradients = try Gradients(of: model.trainable, compute: model.compute)
    var moments = gradients.parameters.map {
      [SIMD2<Float>](repeating: .zero, count: $0.tensor.elementCount)
    }
    for step in 1...60 {
      gradients.zero()
      try model.accumulateGradient(
        of: request, options: BackwardOptions(dropoutSeed: UInt64(step)), into: gradients
      ) { derivative($0.values) }
      for (index, parameter) in gradients.parameters.enumerated() {
        let weights = parameter.tensor.bytes.bindMemory(
          to: Float.self, capacity: parameter.tensor.elementCount)
        for (place, slope) in gradients[index].enumerated() {
          var moment = moments[index][place]
          moment = SIMD2(0.9 * moment.x + 0.1 * slope, 0.99 * moment.y + 0.01 * slope * slope)
          moments[index][place] = moment
          let first = moment.x / (1 - powf(0.9, Float(step)))
          let second = moment.y / (1 - powf(0.99, Float(step)))
          weights[place] -= rate * (first / (second.squareRoot() + 1e-8) + 1e-3 * weights[place])
        }
      }
    }
    let after = try loss(model.score(request).values)
    #expect(before > 0.3)
    #expect(after < 0.05, "from \(before) to \(after)")
  }
}
