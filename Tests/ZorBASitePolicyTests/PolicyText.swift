import ZorBASitePolicy

/// A policy as text, put together from what is written at each key.
struct PolicyText {
  var values: [PolicyKey: String] = [
    .federation: "hospitals",
    .runNames: "[sentiment, \"triage-*\"]",
    .specifications: "any",
    .baseModels: "any",
    .tasks: "[classification]",
    .templates: "[\"{text} It was {label}.\"]",
    .columns: "[question, answer]",
    .mostBlocks: "12",
    .forbiddenBlocks: "[0, 7]",
    .mostLocalSteps: "4",
    .mostDirections: "8",
    .smallestBatch: "16",
    .mostRounds: "1000",
    .mostRoundsPerDay: "100",
    .hours: "any",
    .payloadPerRound: "4096",
    .payloadPerDay: "100000",
    .updatesAllowed: "false",
    .updateBytesPerRound: "2000",
    .evaluationAllowed: "true",
    .fewestEvaluationExamples: "50",
    .shareLosses: "true",
    .shareTimings: "false",
    .sharePeakMemory: "true",
    .exampleCount: "rounded_to_50",
    .secureAggregation: "optional",
    .differentialPrivacy: "false",
    .epsilonMaximum: "any",
    .minimumCohort: "3",
  ]

  func with(_ key: PolicyKey, _ value: String?) -> PolicyText {
    var copy = self
    copy.values[key] = value
    return copy
  }

  /// Block style, one key a line, in the order of the keys.
  var yaml: String {
    var lines: [String] = []
    var open: [Substring] = []
    for key in PolicyKey.allCases {
      guard let value = values[key] else { continue }
      let parts = key.rawValue.split(separator: ".")
      for depth in 0..<(parts.count - 1) where open.count <= depth || open[depth] != parts[depth] {
        open = Array(parts[...depth])
        lines.append(String(repeating: "  ", count: depth) + parts[depth] + ":")
      }
      open = Array(open.prefix(parts.count - 1))
      lines.append(
        String(repeating: "  ", count: parts.count - 1) + "\(parts[parts.count - 1]): \(value)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  func policy() throws -> SitePolicy { try SitePolicy.parse(yaml, file: "policy.yaml") }
}
