import ZorBADiagnostics
import ZorBAFederation
import ZorBAOptimization

/// What the coordinator's rule remembers between rounds: two moments of every weight that is trained.
///
/// A round is computed into a state of its own, which takes the old one's place once the round is
/// committed: a commit that fails leaves no trace.
final class ServerState {
  private(set) var current: [DenseBuffers]
  private var next: [DenseBuffers]
  let rule: ServerRule

  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  init(rule: ServerRule, elementCounts: [Int]) throws {
    self.rule = rule
    guard let start = rule.start else {
      (current, next) = ([], [])
      return
    }
    current = try (0..<2).map { _ in try DenseBuffers(elementCounts: elementCounts) }
    next = try (0..<2).map { _ in try DenseBuffers(elementCounts: elementCounts) }
    for (buffers, value) in zip(current, [start.first, start.second]) where value != 0 {
      for tensor in buffers.tensors { tensor.update(repeating: value) }
    }
  }

  /// Whether there is anything to remember.
  var isEmpty: Bool { current.isEmpty }

  /// The moments as the round that is being computed leaves them.
  var pending: [DenseBuffers] { next }

  /// Begins a round; tensors that nobody trains in it keep what they have.
  func begin() {
    for (source, target) in zip(current, next) {
      for (from, to) in zip(source.tensors, target.tensors) {
        _ = to.update(fromContentsOf: from)
      }
    }
  }

  /// Turns means into changes, in place.
  func apply(_ values: UnsafeMutableBufferPointer<Float>, tensor: Int, first: Int) {
    guard next.count == 2 else {
      let none = UnsafeMutableBufferPointer<Float>(start: nil, count: 0)
      rule.apply(values, first: none, second: none)
      return
    }
    let range = first..<first + values.count
    rule.apply(
      values, first: UnsafeMutableBufferPointer(rebasing: next[0].tensors[tensor][range]),
      second: UnsafeMutableBufferPointer(rebasing: next[1].tensors[tensor][range]))
  }

  /// Keeps what the round left.
  func adopt() { swap(&current, &next) }
}

extension MethodConfiguration {
  /// What the coordinator makes of the mean change.
  var serverRule: ServerRule {
    guard name == .fedadam, firstOrder.serverBetas.count == 2 else {
      return .average(rate: firstOrder.serverLearningRate)
    }
    return .adam(
      rate: firstOrder.serverLearningRate, firstBeta: firstOrder.serverBetas[0],
      secondBeta: firstOrder.serverBetas[1], tau: firstOrder.serverEpsilon)
  }
}
