package import ZorBAJSON

/// A data set in figures, so that nobody has to guess what was read.
package struct DatasetSummary: Sendable, Equatable {
  /// Order statistics by nearest rank: the q-quantile of n values is the ⌈q n⌉-th smallest.
  package struct Lengths: Sendable, Equatable {
    package let minimum: Int
    package let median: Int
    package let percentile95: Int
    package let maximum: Int
  }

  /// The examples; every row of the file became one (or, for running text, every window).
  package let rows: Int
  /// The labels' names.
  package let labels: [String]
  /// The examples of each label.
  package let labelCounts: [Int]
  /// Of the examples' longest sequences, in tokens.
  package let lengths: Lengths
  /// The examples that lost text so as to fit.
  package let truncated: Int
  /// The rows left out: always none, a row that cannot be used is an error.
  package let dropped = 0

  init(_ examples: [EncodedExample], labels: [String]) {
    rows = examples.count
    self.labels = labels
    var counts = [Int](repeating: 0, count: labels.count)
    for example in examples {
      if let label = example.label { counts[label] += 1 }
    }
    labelCounts = counts
    let sorted = examples.map(\.longestSequence).sorted()
    func quantile(_ percent: Int) -> Int {
      sorted.isEmpty ? 0 : sorted[max(0, (percent * sorted.count + 99) / 100 - 1)]
    }
    lengths = Lengths(
      minimum: quantile(0), median: quantile(50), percentile95: quantile(95),
      maximum: quantile(100))
    truncated = examples.count { $0.truncated }
  }

  private var figures: [(name: String, value: Int)] {
    [
      ("rows", rows), ("truncated", truncated), ("dropped", dropped),
      ("tokens, least", lengths.minimum), ("tokens, median", lengths.median),
      ("tokens, 95 %", lengths.percentile95), ("tokens, most", lengths.maximum),
    ]
  }

  /// The figures as an aligned table, one a line, then the labels.
  package var table: String {
    let labelled = zip(labels, labelCounts).map { ("label \($0)", $1) }
    let rows = (figures.map { ($0.name, $0.value) } + labelled).map { [$0.0, String($0.1)] }
    return TextTable(header: ["data set", "count"], rows: rows).description
  }

  /// {rows, truncated, dropped, tokens: {min, median, p95, max}, labels: {name: count}}.
  package var json: JSONValue {
    var byLabel = JSONObject()
    for (label, count) in zip(labels, labelCounts) {
      _ = byLabel.append(.init(key: label, value: .integer(count)))
    }
    return [
      "rows": .integer(rows), "truncated": .integer(truncated), "dropped": .integer(dropped),
      "tokens": [
        "min": .integer(lengths.minimum), "median": .integer(lengths.median),
        "p95": .integer(lengths.percentile95), "max": .integer(lengths.maximum),
      ],
      "labels": .object(byLabel),
    ]
  }
}
