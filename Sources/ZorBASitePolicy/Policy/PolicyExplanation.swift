import ZorBA
import ZorBADiagnostics

/// A policy in sentences, for people who answer for the data.
package struct PolicyExplanation: Sendable {
  /// A sentence each.
  package let sentences: [String]

  /// - Parameter usage: What the ledger has counted so far, to be told as well.
  package init(_ policy: SitePolicy, usage: SiteUsage? = nil) {
    var sentences = Self.scope(policy) + Self.limits(policy) + Self.fields(policy)
    sentences += Self.privacy(policy)
    if let usage {
      sentences.append(
        "So far it has answered \(usage.rounds) rounds, \(usage.roundsToday) of them on "
          + "\(UTCInstant(startOfDay: usage.day).date), when \(usage.bytesToday) bytes left it.")
    }
    self.sentences = sentences
  }

  /// A sentence a line.
  package var text: String { sentences.joined(separator: "\n") }

  private static func scope(_ policy: SitePolicy) -> [String] {
    [
      "This site answers coordinators of federation \(policy.federation.excerpt()) only.",
      "It answers runs called \(policy.runNames.listed(by: \.description))"
        + restriction(policy.specifications, " with one of %d known specifications")
        + restriction(policy.baseModels, ", from one of %d base models") + ".",
      "Tasks: \(policy.tasks.listed(by: \.rawValue)). Templates: "
        + "\(policy.templates.listed(by: \.self)). "
        + "Columns that a run may name: \(policy.columns.listed(by: \.self)).",
    ]
  }

  private static func restriction(_ digests: Allowance<String>, _ text: String) -> String {
    guard case .only(let list) = digests else { return "" }
    return text.split(separator: "%d", omittingEmptySubsequences: false)
      .joined(separator: String(list.count))
  }

  private static func limits(_ policy: SitePolicy) -> [String] {
    let forbidden = policy.forbiddenBlocks.sorted()
    return [
      "A round may ask for \(atMost(policy.mostBlocks)) blocks, \(atMost(policy.mostLocalSteps)) "
        + "local steps and \(atMost(policy.mostDirections)) directions, of at least "
        + "\(policy.smallestBatch) rows a step."
        + (forbidden.isEmpty ? "" : " It never trains \(forbidden.listedBlocks)."),
      "It answers \(atMost(policy.mostRounds)) rounds in all, "
        + "\(atMost(policy.mostRoundsPerDay)) a day (UTC).",
      policy.hours.map { "Hours (UTC): \($0)." } ?? "It answers at any hour.",
      "A round may take \(atMost(policy.payloadPerRound)) bytes out of the site, a day "
        + "\(atMost(policy.payloadPerDay)).",
      policy.allowsEvaluation
        ? "It gives metrics of at least \(policy.fewestEvaluationExamples) examples"
          + (policy.allowsSegments
            ? ", and where a run names segments by the columns "
              + "\(policy.segmentColumns.listed(by: \.self)) also those of each segment of as many."
            : ", never by segment.")
        : "It gives no metrics of evaluations.",
    ]
  }

  private static func atMost(_ limit: Int?) -> String { limit.map { "at most \($0)" } ?? "any" }

  private static func fields(_ policy: SitePolicy) -> [String] {
    let optional = [
      ("losses", policy.share.losses), ("timings", policy.share.timings),
      ("peak memory", policy.share.peakMemory),
      ("measured costs", policy.share.sharesCosts),
    ]
    let sent = optional.filter(\.1).map(\.0)
    let kept = optional.filter { !$0.1 }.map(\.0)
    let count =
      switch policy.share.exampleCount {
      case .exact: "the exact number of examples"
      case .rounded(let multiple): "the number of examples to the nearest \(multiple)"
      }
    return [
      "It sends scalars, \((sent + [count]).joined(separator: ", ")).",
      policy.allowsUpdates
        ? "To runs of first-order methods it sends dense updates, "
          + "\(atMost(policy.updateBytesPerRound)) bytes of them a round: the change of every "
          + "trained weight, which tells far more of the rows than scalars do."
        : "It sends no dense updates: it refuses runs of first-order methods.",
      "It never sends rows, tokens\(policy.allowsUpdates ? " or labels" : ", labels or weights")"
        + (kept.isEmpty ? "." : ", nor \(kept.joined(separator: ", "))."),
    ]
  }

  private static func privacy(_ policy: SitePolicy) -> [String] {
    var sentences = [
      "It takes part with at least \(policy.minimumCohort) sites in a round."
    ]
    sentences.append(
      policy.requiresSecureAggregation
        ? "It answers only under secure aggregation: the coordinator learns sums over at least "
          + "\(max(policy.minimumCohort, SecureAggregationConfiguration.smallestGroup)) sites."
        : "It answers runs without secure aggregation too: in those the coordinator sees its answers."
    )
    let most = policy.epsilonMaximum.map { "an epsilon of \($0)" } ?? "any epsilon"
    sentences.append(
      policy.requiresDifferentialPrivacy
        ? "It answers only runs that promise differential privacy, up to \(most) over all runs."
        : "Its answers to runs without differential privacy carry no noise: the coordinator sees them. "
          + "Of runs with it, it takes part up to \(most) over all runs.")
    return sentences
  }
}
