/// A client as plans and estimates see it, wherever its rows are.
package struct SiteProfile: Sendable, Hashable {
  /// What it is called.
  package var name: String
  /// Training examples, at least 1.
  package var examples: Int
  /// p_k up to a common factor.
  package var weight: Double

  package init(name: String, examples: Int, weight: Double) {
    self.name = name
    self.examples = examples
    self.weight = weight
  }

  /// A client whose rows are here.
  init(_ client: FederationClient) {
    self.init(name: client.name, examples: client.examples.count, weight: client.weight)
  }
}
