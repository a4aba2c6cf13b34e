import ZorBAData
import ZorBADiagnostics
import ZorBAJournal
package import ZorBAModels
import ZorBAOptimization
import ZorBATensor

/// Makes the source of a model's gradients, on any thread.
package typealias SharedGradientFactory =
  @Sendable (Model, RunConfiguration) throws -> any GradientSource

/// A site's part in rounds of a first-order method: buffers that live as long as its replica.
final class SiteTraining {
  private let parameters: ParameterSet
  private let weights: [UnsafeMutableBufferPointer<Float>]
  private let anchor: DenseBuffers
  private let optimizer: FirstOrderOptimizer
  private let source: InterruptibleGradients
  private let method: MethodConfiguration
  private let runKey: RunKey
  private let context: ComputeContext
  /// Places of each block's tensors among all. [blocks]
  private let places: [[Int]]

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the weights are not float32, with code
  ///   `unsupportedModel` when the model has no backward pass.
  init(
    _ loaded: LoadedModel, configuration: RunConfiguration, runKey: RunKey,
    gradients: GradientFactory
  ) throws {
    let model = loaded.model
    parameters = model.trainable
    weights = try parameters.all.map { try $0.floats() }
    method = configuration.method
    self.runKey = runKey
    context = loaded.context
    let outer = configuration.blocks.outer
    let counts = parameters.all.map {
      $0.id.block == 0 && !outer ? 0 : $0.tensor.elementCount
    }
    var next = 0
    places = parameters.blocks.map { block in
      defer { next += block.count }
      return Array(next..<next + block.count)
    }
    anchor = try DenseBuffers(elementCounts: counts)
    optimizer = try FirstOrderOptimizer(
      method.optimizerSettings, elementCounts: counts, context: context)
    source = InterruptibleGradients(try gradients(model, configuration))
  }

  /// Trains some blocks and says by how much they changed; the weights are put back, whatever happens.
  ///
  /// - Parameters:
  ///   - number: The site's number, from 1.
  ///   - isCancelled: Asked before every minibatch.
  /// - Throws: `ZorBAError` with code `diverged` when the answer cannot be used; `CancellationError` when
  ///   it was cancelled.
  func answer(
    of client: FederationClient, number: Int, round: Int, blocks: [Int], learningRate: Double,
    time: inout TimeLedger, isCancelled: () -> Bool
  ) throws -> (change: DenseDelta, examples: Int, loss: Double) {
    let chosen = blocks.flatMap { places[$0] }
    for place in chosen { _ = anchor.tensors[place].update(fromContentsOf: weights[place]) }
    defer {
      for place in chosen { _ = weights[place].update(fromContentsOf: anchor.tensors[place]) }
    }
    let training = ClientTraining(
      source: source, weights: weights, anchor: anchor.tensors, optimizer: optimizer,
      method: method, learningRate: learningRate, runKey: runKey, context: context)
    let answer = try source.whileNot(isCancelled) {
      try training.run(client, number: number, round: round, chosen: chosen, time: &time)
    }
    if let fault = answer.fault {
      throw ZorBAError(
        .diverged, "round \(round): \(fault)", advice: "The run needs a lower learning rate.")
    }
    let change = try DenseDelta(
      layout: DenseLayout(blocks: blocks, of: parameters), encoding: method.firstOrder.upload
    ) { entry, row, values in
      let (now, before) = (weights[chosen[entry]], anchor.tensors[chosen[entry]])
      let first = row * values.count
      for index in 0..<values.count {
        values[index] = now[first + index] - before[first + index]
      }
    }
    return (change, answer.examples, answer.meanLoss)
  }
}

/// Gradients whose computation can be given up between minibatches.
private final class InterruptibleGradients: GradientSource {
  private let source: any GradientSource
  private var isCancelled: (() -> Bool)?

  init(_ source: any GradientSource) { self.source = source }

  var gradients: [UnsafeMutableBufferPointer<Float>] { source.gradients }

  func gradient(
    of examples: [EncodedExample], parts: Int, dropoutSeed: UInt64
  ) throws -> (loss: Double, weight: Double) {
    if isCancelled?() == true { throw CancellationError() }
    return try source.gradient(of: examples, parts: parts, dropoutSeed: dropoutSeed)
  }

  /// Gives up what the body does as soon as a question is answered with yes.
  func whileNot<Value>(_ isCancelled: () -> Bool, _ body: () throws -> Value) rethrows -> Value {
    try withoutActuallyEscaping(isCancelled) { isCancelled in
      self.isCancelled = isCancelled
      defer { self.isCancelled = nil }
      return try body()
    }
  }
}
