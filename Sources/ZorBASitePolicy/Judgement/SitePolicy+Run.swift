import ZorBA
import ZorBADiagnostics

extension SitePolicy {
  /// Judges a run before the site takes part in it.
  package func admit(run: RunFacts) -> Verdict {
    refusals(of: run).first.map(Verdict.refused) ?? .allowed
  }

  /// Everything that forbids a run, in the order of the policy's keys.
  package func refusals(of run: RunFacts) -> [Refusal] {
    [
      federation.utf8.elementsEqual(run.federation.utf8)
        ? nil
        : refusal(
          .federation, "the coordinator is of federation '\(run.federation.excerpt())'",
          "the policy is for '\(federation.excerpt())'",
          advice: "Check coordinator and identity in SITE.yaml."),
      runNames.admits { $0.matches(run.name) }
        ? nil
        : refusal(
          .runNames, "the run is called '\(run.name.excerpt())'",
          "the policy allows \(runNames.listed(by: \.description))"),
      Self.admits(specifications, run.specification)
        ? nil
        : refusal(
          .specifications, "the run's specification is \(run.specification.excerpt())",
          "the policy allows \(specifications.listed(by: \.self))",
          advice: "Read the run's specification, then add its digest to runs.specifications."),
      Self.admits(baseModels, run.base)
        ? nil
        : refusal(
          .baseModels, "the run's base model is \(run.base.excerpt())",
          "the policy allows \(baseModels.listed(by: \.self))"),
      tasks.admits { $0 == run.task }
        ? nil
        : refusal(
          .tasks, "the run's task is \(run.task.rawValue)",
          "the policy allows \(tasks.listed(by: \.rawValue))"),
      templates.admits { Self.allows($0, template: run.template) }
        ? nil
        : refusal(
          .templates,
          "the run's template is '\((run.template ?? Self.ownTemplate).excerpt())'",
          "the policy allows \(templates.listed(by: \.self))"),
      columnsRefusal(run.columns),
      atMost(.mostBlocks, mostBlocks, run.blocksAtOnce ?? 0, "blocks in a round", by: "the run"),
      forbidden(run.blocks ?? [], by: "the run"),
      atMost(.mostLocalSteps, mostLocalSteps, run.localSteps, "local steps", by: "the run"),
      atMost(.mostDirections, mostDirections, run.directions, "directions", by: "the run"),
      run.batch >= smallestBatch
        ? nil
        : refusal(
          .smallestBatch, "the run draws \(run.batch) rows for a step",
          "the policy asks for at least \(smallestBatch)"),
      atMost(.mostRounds, mostRounds, run.rounds, "rounds", by: "the run"),
      run.updateBytes.flatMap { updateRefusal($0, 0, by: "the run") },
      secureAggregationRefusal(run),
      differentialPrivacyRefusal(run.privacy),
      cohortRefusal(run.cohort, by: "the run"),
    ].compactMap { $0 }
  }

  private static func admits(_ digests: Allowance<String>, _ digest: String) -> Bool {
    let digest = digest.lowercased()
    return digests.admits { $0 == digest }
  }

  /// A text that reads `default` is no template of a run's own.
  private static func allows(_ entry: String, template: String?) -> Bool {
    let isOwn = entry.utf8.elementsEqual(ownTemplate.utf8)
    guard let template else { return isOwn }
    return !isOwn && entry.utf8.elementsEqual(template.utf8)
  }

  private func columnsRefusal(_ asked: [String]) -> Refusal? {
    let other = asked.first { column in
      !columns.admits { $0.utf8.elementsEqual(column.utf8) }
    }
    return other.map { column in
      refusal(
        .columns, "the run trains on the column '\(column.excerpt())'",
        "the policy allows \(columns.listed(by: \.self))")
    }
  }

  private func secureAggregationRefusal(_ run: RunFacts) -> Refusal? {
    guard requiresSecureAggregation, run.secureGroup == nil else { return nil }
    return refusal(
      .secureAggregation, "the run aggregates in the clear", "the policy says required",
      advice: "The coordinator would see every answer. Ask for a run with secure_aggregation: on, "
        + "or set the policy to optional to take part all the same.")
  }

  /// A run that promises privacy promises it for itself; the ledger of the site, which refuses runs and
  /// rounds over all of them, is judged where the rows are.
  private func differentialPrivacyRefusal(_ privacy: RunFacts.Privacy?) -> Refusal? {
    guard let privacy else {
      return requiresDifferentialPrivacy
        ? refusal(
          .differentialPrivacy, "the run adds no noise", "the policy says true",
          advice: "Ask for a run with differential_privacy, or set it to false to take part all "
            + "the same.")
        : nil
    }
    guard let epsilonMaximum, privacy.epsilon > epsilonMaximum else { return nil }
    return refusal(
      .epsilonMaximum, "the run may spend an epsilon of \(privacy.epsilon)",
      "the policy allows at most \(epsilonMaximum) over all runs")
  }
}
