/// Examples ready to be scored, with the names of their labels.
package struct Dataset: Sendable {
  /// The examples in file order.
  package let examples: [EncodedExample]
  /// The names of the labels or choices by number; empty for tasks without.
  package let labels: [String]
  /// What there is, in figures.
  package let summary: DatasetSummary

  /// Creates a data set; every label of an example is below the number of labels.
  package init(examples: [EncodedExample], labels: [String]) {
    precondition(examples.allSatisfy { ($0.label ?? -1) < labels.count })
    self.examples = examples
    self.labels = labels
    summary = DatasetSummary(examples, labels: labels)
  }

  /// The examples at some indices, such as a client's share.
  package func selecting(_ indices: [Int]) -> Dataset {
    Dataset(examples: indices.map { examples[$0] }, labels: labels)
  }

  /// Shares the examples out to clients; see `PartitionPlan`.
  package func partitioned(
    _ plan: PartitionPlan, clients: Int, seed: UInt64
  ) throws -> [[Int]] {
    try plan.assign(
      labels: examples.map(\.label), sites: examples.map(\.site), clients: clients, seed: seed)
  }
}
