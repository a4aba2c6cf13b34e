package import ZorBAJSON

/// How many examples of each label each client has.
package struct PartitionSummary: Sendable, Equatable {
  /// The clients' names, as rows.
  package let clients: [String]
  /// The labels' names, as columns; empty for tasks without labels.
  package let labels: [String]
  /// The counts, [client, label].
  package let counts: [[Int]]
  /// All examples of each client, labelled or not.
  package let examples: [Int]

  /// Counts an assignment.
  ///
  /// - Parameters:
  ///   - shares: The indices of each client's examples, as `PartitionPlan.assign` returns them.
  ///   - dataset: The examples.
  ///   - clients: The clients' names; numbers from 0 when nil.
  package init(_ shares: [[Int]], of dataset: Dataset, clients: [String]? = nil) {
    self.clients = clients ?? shares.indices.map { "client \($0)" }
    precondition(self.clients.count == shares.count)
    labels = dataset.labels
    counts = shares.map { share in
      var row = [Int](repeating: 0, count: dataset.labels.count)
      for index in share {
        if let label = dataset.examples[index].label { row[label] += 1 }
      }
      return row
    }
    examples = shares.map(\.count)
  }

  /// The counts as an aligned table, one line a client.
  package var table: String {
    let rows = clients.indices.map { client in
      [clients[client]] + counts[client].map(String.init) + [String(examples[client])]
    }
    return TextTable(header: ["client"] + labels + ["all"], rows: rows).description
  }

  /// The same as JSON: an array of {client, examples, labels: {name: count}}.
  package var json: JSONValue {
    .array(
      clients.indices.map { client in
        var byLabel = JSONObject()
        for (label, count) in zip(labels, counts[client]) {
          _ = byLabel.append(.init(key: label, value: .integer(count)))
        }
        return [
          "client": .string(clients[client]), "examples": .integer(examples[client]),
          "labels": .object(byLabel),
        ]
      })
  }
}
