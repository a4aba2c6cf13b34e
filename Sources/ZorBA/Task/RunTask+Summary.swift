import ZorBAData

extension RunTask {
  /// Rows, labels, token lengths and truncation of every client, as lines to show before a run.
  func summary(of shares: [(name: String, examples: [EncodedExample])]) -> String {
    let all = shares.flatMap(\.examples)
    let lengths = all.map { $0.sequences.map(\.count).max() ?? 0 }.sorted()
    func quantile(_ share: Double) -> Int {
      lengths.isEmpty ? 0 : lengths[min(lengths.count - 1, Int(share * Double(lengths.count)))]
    }
    let truncated = all.count { $0.truncated }
    var lines = [
      "\(all.count) training rows at \(shares.count) clients; tokens a row: median "
        + "\(quantile(0.5)), 95 % \(quantile(0.95)), most \(lengths.last ?? 0); "
        + "\(truncated) truncated"
    ]
    for share in shares.prefix(32) {
      var counts = Array(repeating: 0, count: labels.count)
      for example in share.examples {
        if let label = example.label, counts.indices.contains(label) { counts[label] += 1 }
      }
      let listed = zip(labels, counts).prefix(12).map { "\($0) \($1)" }.joined(separator: ", ")
      lines.append("  \(share.name): \(share.examples.count) rows  \(listed)")
    }
    if shares.count > 32 { lines.append("  … and \(shares.count - 32) more clients") }
    return lines.joined(separator: "\n")
  }
}
