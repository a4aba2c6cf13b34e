import Testing
import ZorBACheckpoint
import ZorBAData
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// First-order training of encoded examples.
@Suite struct ExampleTrainerTests {
  /// Single-token candidates, candidates of several tokens, and running text.
  enum Kind: CaseIterable, Sendable {
    case words, phrases, text
  }

  @Test(arguments: Kind.allCases, TinyCheckpoint.Family.allCases)
  func stepsOfAdamWOverfitABatch(_ kind: Kind, _ family: TinyCheckpoint.Family) throws {
    let model = try writableModel(family)
    let examples = examples(kind, count: 6)
    let trainer = ExampleTrainer(model: model, tokenLimit: 40)
    let gradients = try Gradients(of: model.trainable, compute: model.compute)
    var moments = gradients.parameters.map {
      [SIMD2<Float>](repeating: .zero, count: $0.tensor.elementCount)
    }
    var losses: [Double] = []
    for step in 1...60 {
      gradients.zero()
      let (loss, weight) = try trainer.accumulate(examples, into: gradients)
      losses.append(loss / weight)
      for (index, parameter) in gradients.parameters.enumerated() {
        let weights = parameter.tensor.bytes.bindMemory(
          to: Float.self, capacity: parameter.tensor.elementCount)
        for (place, slope) in gradients[index].enumerated() {
          var moment = moments[index][place]
          moment = SIMD2(0.9 * moment.x + 0.1 * slope, 0.99 * moment.y + 0.01 * slope * slope)
          moments[index][place] = moment
          let first = moment.x / (1 - powf(0.9, Float(step)))
          let second = moment.y / (1 - powf(0.99, Float(step)))
          weights[place] -= 0.01 * (first / (second.squareRoot() + 1e-8) + 1e-3 * weights[place])
        }
      }
    }
    #expect(losses[0] > 0.3)
    #expect(losses[losses.count - 1] < 0.05, "\(losses)")
  }

  /// One step of plain descent lowers the loss by the squared norm of the gradient.
  @Test(arguments: Kind.allCases)
  func aSmallStepLowersTheLossAsPredicted(_ kind: Kind) throws {
    let model = try writableModel(.opt)
    let examples = examples(kind, count: 5)
    let gradients = try Gradients(of: model.trainable, compute: model.compute)
    let before = try ExampleTrainer(model: model).accumulate(examples, into: gradients)
    let rate = 1e-3 / gradients.norm
    for (index, parameter) in gradients.parameters.enumerated() {
      let weights = parameter.tensor.bytes.bindMemory(
        to: Float.self, capacity: parameter.tensor.elementCount)
      for (place, slope) in gradients[index].enumerated() {
        weights[place] -= Float(rate) * slope
      }
    }
    let outcomes = try ExampleScorer(model: model).outcomes(of: examples)[0]
    let after = outcomes.reduce(0) { $0 + $1.loss } / outcomes.reduce(0) { $0 + $1.weight }
    let drop = before.loss / before.weight - after
    #expect(abs(drop / (rate * gradients.norm * gradients.norm) - 1) < 0.05, "\(drop)")
  }

  /// Micro-batches give the loss and the gradient of the whole batch.
  @Test(arguments: Kind.allCases)
  func partsAddUpToTheBatch(_ kind: Kind) throws {
    let model = try writableModel(.llama)
    let examples = examples(kind, count: 9)
    let whole = try Gradients(of: model.trainable, compute: model.compute)
    let total = try ExampleTrainer(model: model).accumulate(examples, into: whole)
    for limit in [1, 20, 40] {
      var trainer = ExampleTrainer(model: model, tokenLimit: limit)
      trainer.options.checkpointing = limit == 20
      let parts = try Gradients(of: model.trainable, compute: model.compute)
      let sums = try trainer.accumulate(examples, into: parts)
      #expect(sums.weight == total.weight)
      #expect(abs(sums.loss - total.loss) <= 1e-5 * total.loss)
      var distance = 0.0
      for index in parts.parameters.indices {
        for (a, b) in zip(parts[index], whole[index]) { distance += Double((a - b) * (a - b)) }
      }
      #expect(distance.squareRoot() <= 1e-5 * whole.norm)
      #expect(
        try trainer.activationBytes(of: examples)
          < ExampleTrainer(model: model).activationBytes(of: examples))
    }
    let outcomes = try ExampleScorer(model: model).outcomes(of: examples)[0]
    #expect(abs(outcomes.reduce(0) { $0 + $1.loss } - total.loss) <= 1e-6 * total.loss)
    #expect(outcomes.reduce(0) { $0 + $1.weight } == total.weight)
  }

  private func examples(_ kind: Kind, count: Int) -> [EncodedExample] {
    var random = SeededGenerator(seed: 4)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32.random(in: 0..<256, using: &random) }
    }
    return (0..<count).map { index in
      let context = tokens(Int.random(in: 3...12, using: &random))
      switch kind {
      case .words:
        return EncodedExample(
          context: context, continuations: [[3], [77], [140]], answer: index % 3, line: index)
      case .phrases:
        return EncodedExample(
          context: context, continuations: [tokens(1), tokens(3), tokens(2)], answer: index % 3,
          line: index)
      case .text:
        return EncodedExample(
          context: [context[0]], continuations: [tokens(8)], answer: nil, line: index)
      }
    }
  }

  private func writableModel(_ family: TinyCheckpoint.Family) throws -> Model {
    let folder = try TemporaryFolder()
    let path = try TinyCheckpoint(family: family).write(to: folder)
    let checkpoint = try Checkpoint.open(directory: path)
    let configuration = try ModelConfiguration(huggingFace: checkpoint.configuration)
    let compute = try ComputeContext(precision: .float32, threads: 2)
    let stored = try Model(configuration: configuration, source: checkpoint, compute: compute)
    var source = MemoryTensors()
    for parameter in stored.parameters.all {
      let values = (0..<parameter.tensor.elementCount).map {
        parameter.tensor.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
      }
      try source.add(parameter.name, shape: parameter.tensor.shape, values)
    }
    return try Model(configuration: configuration, source: source, compute: compute)
  }
}
