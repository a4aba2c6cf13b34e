import ZorBADiagnostics
package import ZorBATensor

/// AdamW and SGD over binary32 buffers, with the arithmetic of PyTorch's optimisers.
///
///     adamw   w <- w (1 - eta lambda);  m <- m + (1 - b1)(g - m);  v <- b2 v + (1 - b2) g g
///             w <- w - eta / (1 - b1^t)  m / (sqrt(v) / sqrt(1 - b2^t) + epsilon)
///     sgd     d = g + lambda w;  u <- momentum u + d (u = d in the first step);  w <- w - eta u
///
/// One instance follows one client through one round. Every element is computed by itself, so the
/// number of threads changes no bit.
package final class FirstOrderOptimizer {
  /// What an optimiser is told once.
  package struct Settings: Sendable {
    package var kind = OptimizerKind.adamw
    /// Of SGD, 0 up to below 1.
    package var momentum = 0.0
    /// Of AdamW.
    package var betas = (first: 0.9, second: 0.999)
    /// Of AdamW.
    package var epsilon = 1e-8
    /// lambda: decoupled from the gradient under AdamW, part of it under SGD, as in PyTorch.
    package var weightDecay = 0.0

    package init() {}

    /// Buffers as large as the weights that the state takes.
    package var stateBuffers: Int {
      switch kind {
      case .adamw: 2
      case .sgd: momentum == 0 ? 0 : 1
      }
    }
  }

  package let settings: Settings
  /// Steps taken.
  package private(set) var step = 0
  private let moments: [DenseBuffers]
  private let counts: [Int]
  private let context: ComputeContext

  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package init(_ settings: Settings, elementCounts: [Int], context: ComputeContext) throws {
    self.settings = settings
    self.context = context
    counts = elementCounts
    moments = try (0..<settings.stateBuffers).map { _ in
      try DenseBuffers(elementCounts: elementCounts)
    }
  }

  /// Forgets everything, for the next client.
  package func reset() {
    step = 0
    for buffers in moments { buffers.zero() }
  }

  /// Takes one step with some of the tensors; the others keep weights and state.
  ///
  /// - Parameter chosen: Ascending places; the same in every step of a round.
  package func advance(
    _ weights: [UnsafeMutableBufferPointer<Float>],
    gradients: [UnsafeMutableBufferPointer<Float>], chosen: [Int], learningRate: Double
  ) {
    step += 1
    let pieces = BufferPieces(counts, chosen: chosen).pieces
    switch settings.kind {
    case .adamw:
      let rule = AdamWRule(settings, step: step, learningRate: learningRate)
      let (first, second) = (moments[0].tensors, moments[1].tensors)
      context.team.forEach(pieces.count) { index, _ in
        let (tensor, range) = (pieces[index].tensor, pieces[index].range)
        rule.apply(
          range, weights: weights[tensor], gradients: gradients[tensor], first: first[tensor],
          second: second[tensor])
      }
    case .sgd:
      let rule = MomentumRule(settings, learningRate: learningRate)
      let velocity = moments.first?.tensors
      context.team.forEach(pieces.count) { index, _ in
        let (tensor, range) = (pieces[index].tensor, pieces[index].range)
        rule.apply(
          range, weights: weights[tensor], gradients: gradients[tensor],
          velocity: velocity?[tensor])
      }
    }
  }
}

/// One step of AdamW with its scalars worked out.
private struct AdamWRule {
  let keep: Float
  let firstShare: Float
  let secondKeep: Float
  let secondShare: Float
  let step: Float
  let correction: Float
  let epsilon: Float

  init(_ settings: FirstOrderOptimizer.Settings, step: Int, learningRate: Double) {
    let (b1, b2) = settings.betas
    keep = Float(1 - learningRate * settings.weightDecay)
    firstShare = Float(1 - b1)
    secondKeep = Float(b2)
    secondShare = Float(1 - b2)
    self.step = Float(learningRate / (1 - Self.power(b1, step)))
    correction = Float((1 - Self.power(b2, step)).squareRoot())
    epsilon = Float(settings.epsilon)
  }

  /// By repeated multiplication, so that it is the same on every machine.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var (result, factor, rest) = (1.0, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }

  func apply(
    _ range: Range<Int>, weights: UnsafeMutableBufferPointer<Float>,
    gradients: UnsafeMutableBufferPointer<Float>, first: UnsafeMutableBufferPointer<Float>,
    second: UnsafeMutableBufferPointer<Float>
  ) {
    for index in range {
      let gradient = gradients[index]
      let moment = first[index] + firstShare * (gradient - first[index])
      let square = second[index] * secondKeep + secondShare * gradient * gradient
      first[index] = moment
      second[index] = square
      let scale = square.squareRoot() / correction + epsilon
      weights[index] = weights[index] * keep - step * (moment / scale)
    }
  }
}

/// One step of SGD.
private struct MomentumRule {
  let decay: Float
  let momentum: Float
  let rate: Float

  init(_ settings: FirstOrderOptimizer.Settings, learningRate: Double) {
    decay = Float(settings.weightDecay)
    momentum = Float(settings.momentum)
    rate = Float(learningRate)
  }

  func apply(
    _ range: Range<Int>, weights: UnsafeMutableBufferPointer<Float>,
    gradients: UnsafeMutableBufferPointer<Float>, velocity: UnsafeMutableBufferPointer<Float>?
  ) {
    guard let velocity else {
      for index in range {
        weights[index] -= rate * (gradients[index] + decay * weights[index])
      }
      return
    }
    // The first velocity is the gradient itself: the buffer is 0, and 0 · momentum + d = d.
    for index in range {
      let moved = velocity[index] * momentum + (gradients[index] + decay * weights[index])
      velocity[index] = moved
      weights[index] -= rate * moved
    }
  }
}
