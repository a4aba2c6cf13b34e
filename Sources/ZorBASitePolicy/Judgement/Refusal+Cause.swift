package import ZorBAFederation

extension Refusal {
  /// What the coordinator hears: of which kind the rule is, not its value, its file or what else it
  /// would allow.
  package var cause: DeclineCause {
    switch key {
    case .federation, .runNames, .specifications, .baseModels, .tasks, .templates, .columns,
      .smallestBatch:
      .run
    case .mostBlocks, .forbiddenBlocks: .blocks
    case .mostLocalSteps, .mostDirections: .work
    case .mostRounds, .mostRoundsPerDay: .rounds
    case .hours: .hours
    case .payloadPerRound, .payloadPerDay: .bytes
    case .updatesAllowed, .updateBytesPerRound: .updates
    case .minimumCohort: .cohort
    case .differentialPrivacy, .epsilonMaximum: .privacy
    case .secureAggregation: .secureAggregation
    // Evaluations are not declined but absent, and what is shared is left out: neither comes here.
    case .evaluationAllowed, .fewestEvaluationExamples, .evaluationSegments, .segmentColumns,
      .shareLosses, .shareTimings, .sharePeakMemory, .exampleCount:
      .unspecified
    }
  }
}
