import ZorBAData
import ZorBAOptimization
import ZorBATensor

/// What one client does in a round of a first-order method: some steps down its own gradient.
///
/// It leaves the weights where its steps led; whoever called it takes the change and puts them back.
struct ClientTraining {
  let source: any GradientSource
  let weights: [UnsafeMutableBufferPointer<Float>]
  /// The weights that the round began with.
  let anchor: [UnsafeMutableBufferPointer<Float>]
  let optimizer: FirstOrderOptimizer
  let method: MethodConfiguration
  let learningRate: Double
  let runKey: RunKey
  let context: ComputeContext

  /// A client's answer besides the change of its weights.
  struct Answer {
    /// Mean over the steps of each minibatch's mean loss before the step.
    var meanLoss: Double
    /// In all minibatches together.
    var examples: Int
    /// Passes forwards and backwards.
    var passes = 0
    /// Why the answer cannot be used; nil when it can.
    var fault: String?
  }

  /// Trains.
  ///
  /// - Parameters:
  ///   - number: The client's number, from 1.
  ///   - round: The round, from 1.
  ///   - chosen: Places of the tensors that the client trains, ascending.
  /// - Throws: `ZorBAError` when an example does not fit the model.
  func run(
    _ client: FederationClient, number: Int, round: Int, chosen: [Int], time: inout TimeLedger
  ) throws -> Answer {
    var answer = Answer(meanLoss: 0, examples: 0)
    optimizer.reset()
    for step in 0..<method.localSteps {
      let batch = client.sampler.batch(round: round - 1, step: step).map { client.examples[$0] }
      answer.examples += batch.count
      let parts = min(method.firstOrder.accumulation, batch.count)
      let (loss, weight) = try time.measure(\.forward) {
        try source.gradient(
          of: batch, parts: parts,
          dropoutSeed: dropoutSeed(client: number, round: round, step: step))
      }
      answer.passes += parts
      answer.meanLoss += loss / weight / Double(method.localSteps)
      guard (loss / weight).isFinite else {
        answer.fault = "the loss of step \(step + 1) is \(loss / weight)"
        return answer
      }
      let norm = time.measure(\.update) { advance(chosen) }
      guard norm.isFinite else {
        answer.fault = "the gradient of step \(step + 1) has the norm \(norm)"
        return answer
      }
    }
    return answer
  }

  /// One step; returns the gradient's norm before it was clipped. A norm that is not finite moves
  /// nothing.
  private func advance(_ chosen: [Int]) -> Double {
    let gradients = source.gradients
    if method.name == .fedprox, method.firstOrder.proximal > 0 {
      GradientClipping.pull(
        gradients, of: weights, towards: anchor, chosen: chosen,
        strength: Float(method.firstOrder.proximal), context: context)
    }
    let norm = GradientClipping.clip(
      gradients, of: chosen, to: method.firstOrder.clipNorm, context: context)
    guard norm.isFinite else { return norm }
    optimizer.advance(
      weights, gradients: gradients, chosen: chosen, learningRate: learningRate)
    return norm
  }

  /// Rounds are below 2^30 and steps at most 1024, so every step has a seed of its own.
  private func dropoutSeed(client: Int, round: Int, step: Int) -> UInt64 {
    RunStream.dropout.seed(
      runKey: runKey, index: UInt64(client) << 40 | UInt64(round) << 10 | UInt64(step))
  }
}
