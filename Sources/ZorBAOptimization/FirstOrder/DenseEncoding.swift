/// How a dense update is written.
public enum DenseEncoding: String, Sendable, CaseIterable, Codable {
  /// binary32, little endian: nothing is lost.
  case float32
  /// For every row its scale in binary32, then a signed byte an element: about a quarter of the
  /// bytes, at an error of half a scale at most. What is lost is not fed back into later updates.
  case int8

  /// The number in a journal.
  package var code: UInt8 {
    switch self {
    case .float32: 0
    case .int8: 1
    }
  }

  package init?(code: UInt8) {
    guard let encoding = Self.allCases.first(where: { $0.code == code }) else { return nil }
    self = encoding
  }
}
