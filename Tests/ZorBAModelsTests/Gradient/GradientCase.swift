import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The losses of Tools/gradient_goldens_first_order.py.
enum GradientLoss: String, CaseIterable, Sendable {
  /// Mean negative log-likelihood of every token but the first of its sequence.
  case lm
  /// Mean cross-entropy of the answer among three candidates' logits after the last token.
  case candidates

  private static let options: [Int32] = [7, 19, 30]

  /// What is asked about sequences.
  func request(_ sequences: [[Int32]]) -> ScoringRequest {
    switch self {
    case .lm: return .languageModelling(sequences)
    case .candidates:
      return ScoringRequest(
        sequences: sequences,
        queries: sequences.indices.map {
          .init(
            sequence: $0, position: sequences[$0].count - 1, targets: Self.options,
            normalised: false)
        })
    }
  }

  func loss(_ values: [Double]) -> Double {
    let count = Double(values.count)
    switch self {
    case .lm: return -values.reduce(0, +) / count
    case .candidates:
      return stride(from: 0, to: values.count, by: 3).reduce(0.0) { sum, first in
        let scores = values[first..<first + 3]
        return sum + log(scores.reduce(0) { $0 + exp($1) }) - values[first + first / 3 % 3]
      } / (count / 3)
    }
  }

  func derivative(_ values: [Double]) -> [Double] {
    let count = Double(values.count)
    switch self {
    case .lm: return values.map { _ in -1 / count }
    case .candidates:
      return values.indices.map { index in
        let first = index / 3 * 3
        let total = values[first..<first + 3].reduce(0) { $0 + exp($1) }
        let isAnswer = index - first == first / 3 % 3
        return (exp(values[index]) / total - (isAnswer ? 1 : 0)) / (count / 3)
      }
    }
  }
}

extension Model {
  /// The gradient of a loss over sequences, in new buffers.
  func gradient(
    of loss: GradientLoss, _ sequences: [[Int32]], options: BackwardOptions = BackwardOptions(),
    for set: ParameterSet? = nil
  ) throws -> (gradients: Gradients, loss: Double) {
    let gradients = try Gradients(of: set ?? trainable, compute: compute)
    let result = try accumulateGradient(
      of: loss.request(sequences), options: options, into: gradients
    ) { loss.derivative($0.values) }
    return (gradients, loss.loss(result.values))
  }
}

extension Gradients {
  /// All elements of all parameters.
  var elements: [Float] { parameters.indices.flatMap { Array(self[$0]) } }

  /// ‖self − other‖ / ‖other‖
  func relativeDistance(to other: Gradients) -> Double {
    var squares = 0.0
    for (a, b) in zip(elements, other.elements) {
      squares += (Double(a) - Double(b)) * (Double(a) - Double(b))
    }
    return squares.squareRoot() / other.norm
  }
}

extension GoldenCase {
  var sequences: [[Int32]] {
    get throws { try (0..<inputCount).map { try input($0) } }
  }
}
