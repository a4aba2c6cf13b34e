@testable import ZorBA

/// What sites that lie send in place of their scalars.
enum FalseAnswers: String, CaseIterable, Sendable {
  case none = "nobody lies"
  case flipped = "signs flipped"
  case huge = "flipped, x 1000"

  /// The answers of a federation whose first clients lie.
  func tampering(liars: Set<Int>) -> AnswerTampering {
    { _, client, scalars in
      guard liars.contains(client) else { return scalars }
      return scalars.map { $0.map { value in self.lie(value) } }
    }
  }

  private func lie(_ value: Float) -> Float {
    switch self {
    case .none: value
    case .flipped: -value
    case .huge: -1000 * value
    }
  }
}
