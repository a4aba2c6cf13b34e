/// Minibatches in which every example is with the same probability, independently of all others.
///
/// Amplification by sampling counts on exactly this and on nobody knowing who was drawn: the size of a
/// batch is random, may be 0, and stays at the site.
package struct PoissonSampling: Hashable, Sendable {
  /// The site's examples.
  package let exampleCount: Int
  /// Examples in a batch on average; public.
  package let expectedSize: Int
  /// What q is a share of: the number of examples that the site told.
  private let told: Int

  /// - Parameters:
  ///   - exampleCount: At least 1.
  ///   - expectedSize: At least 1; all examples where there are no more.
  package init(exampleCount: Int, expectedSize: Int) {
    precondition(exampleCount > 0 && expectedSize > 0)
    self.exampleCount = exampleCount
    self.expectedSize = min(expectedSize, exampleCount)
    told = exampleCount
  }

  private init(_ other: PoissonSampling, exampleCount: Int) {
    self.exampleCount = exampleCount
    expectedSize = other.expectedSize
    told = other.told
  }

  /// The same q over a neighbouring data set: the number that was told stays.
  package func over(exampleCount: Int) -> PoissonSampling {
    precondition(exampleCount >= 0)
    return PoissonSampling(self, exampleCount: exampleCount)
  }

  /// q.
  package var rate: Double { Double(expectedSize) / Double(told) }

  /// The places of a batch's examples, ascending.
  package func sample(using random: inout some CryptographicGenerator) -> [Int] {
    (0..<exampleCount).filter { _ in
      Int.random(in: 0..<told, using: &random) < expectedSize
    }
  }
}
