package import ZorBAData

/// A site of a federation as the engine sees it: its rows, its minibatches, its weight.
package struct FederationClient: Sendable {
  /// What the site is called in files and tables.
  package let name: String
  /// The site's training rows.
  package let examples: [EncodedExample]
  /// Draws the site's minibatches from a key of its own.
  package let sampler: MinibatchSampler
  /// p_k up to a common factor.
  package let weight: Double

  package init(
    name: String, examples: [EncodedExample], sampler: MinibatchSampler, weight: Double
  ) {
    self.name = name
    self.examples = examples
    self.sampler = sampler
    self.weight = weight
  }
}
