/// Minibatches in which every example is with the same probability, independently of all others.
///
/// Amplification by sampling counts on exactly this and on nobody knowing who was drawn: the size of a
/// batch is random, may be 0, and stays at the site.
package struct PoissonSampling: Hashable, Sendable {
  /// The site's examples.
  package let exampleCount: Int
  /// Examples in a batch on average; public.
  package let expectedSize: Int

  /// - Parameters:
  ///   - exampleCount: At least 1.
  ///   - expectedSize: At least 1; all examples where there are no more.
  package init(exampleCount: Int, expectedSize: Int) {
    precondition(exampleCount > 0 && expectedSize > 0)
    self.exampleCount = exampleCount
    self.expectedSize = min(expectedSize, exampleCount)
  }

  /// q.
  package var rate: Double { Double(expectedSize) / Double(exampleCount) }

  /// The places of a batch's examples, ascending.
  package func sample(using random: inout some CryptographicGenerator) -> [Int] {
    (0..<exampleCount).filter { _ in
      Int.random(in: 0..<exampleCount, using: &random) < expectedSize
    }
  }
}
