/// How much a client's answer counts; only ratios matter.
public enum ClientWeighting: String, Sendable, CaseIterable, Codable {
  /// By the examples it holds: the federation minimises the mean loss of an example.
  case examples
  /// Every client alike.
  case uniform

  /// p_k up to a common factor.
  package func weight(examples: Int) -> Double {
    switch self {
    case .examples: Double(examples)
    case .uniform: 1
    }
  }
}
