/// The keys of a policy, as they are written in the file.
///
/// A policy says something about every one of them. Nothing has a default, so a line that is lost
/// can only ever refuse. Only `updates` may be missing, as a whole: that refuses dense updates; and
/// `evaluation.segments`: that tells nothing of segments, and then `evaluation.segment_columns` may.
package enum PolicyKey: String, Sendable, CaseIterable {
  case federation
  case runNames = "runs.names"
  case specifications = "runs.specifications"
  case baseModels = "base_models"
  case tasks
  case templates
  case columns
  case mostBlocks = "blocks.maximum"
  case forbiddenBlocks = "blocks.forbidden"
  case mostLocalSteps = "local_steps.maximum"
  case mostDirections = "directions.maximum"
  case smallestBatch = "batch.minimum"
  case mostRounds = "rounds.maximum"
  case mostRoundsPerDay = "rounds.maximum_per_day"
  case hours
  case payloadPerRound = "payload_bytes_per_round"
  case payloadPerDay = "payload_bytes_per_day"
  case updatesAllowed = "updates.allowed"
  case updateBytesPerRound = "updates.bytes_per_round"
  case evaluationAllowed = "evaluation.allowed"
  case fewestEvaluationExamples = "evaluation.minimum_examples"
  case evaluationSegments = "evaluation.segments"
  case segmentColumns = "evaluation.segment_columns"
  case shareLosses = "share.losses"
  case shareTimings = "share.timings"
  case sharePeakMemory = "share.peak_memory"
  case exampleCount = "share.example_count"
  case secureAggregation = "privacy.secure_aggregation"
  case differentialPrivacy = "privacy.differential_privacy.required"
  case epsilonMaximum = "privacy.differential_privacy.epsilon_maximum"
  case minimumCohort = "privacy.minimum_cohort"

  /// What may be written there, for advice.
  package var rule: String {
    switch self {
    case .federation: "the name of the one federation"
    case .runNames: "a list of run names, in which * stands for any characters; or any"
    case .specifications:
      "a list of SHA-256 digests of run headers, 64 hexadecimal digits each; or any"
    case .baseModels: "a list of base digests, 32 hexadecimal digits each; or any"
    case .tasks:
      "a list of classification, multiple_choice, language_modeling, completion; or any"
    case .templates:
      "a list of task templates, in which default stands for the task's own; or any"
    case .mostBlocks, .mostLocalSteps, .mostDirections, .mostRounds, .mostRoundsPerDay,
      .payloadPerRound, .payloadPerDay, .updateBytesPerRound:
      "a whole number from 0, or any"
    case .forbiddenBlocks: "a list of block numbers, [] for none; block 0 holds the embeddings"
    case .hours: "windows by weekday in UTC, such as monday: [\"08:00-18:00\"]; or any"
    case .evaluationAllowed, .evaluationSegments, .updatesAllowed, .shareLosses, .shareTimings,
      .sharePeakMemory, .differentialPrivacy:
      "true or false"
    case .fewestEvaluationExamples: "a whole number from 0"
    case .exampleCount:
      "exact, or rounded_to_N with N from 2 to \(SharedFields.ExampleCount.largestMultiple)"
    case .secureAggregation: "required or optional"
    case .epsilonMaximum: "a number above 0, or any"
    case .columns, .segmentColumns: "a list of columns of the rows; or any"
    case .minimumCohort, .smallestBatch: "a whole number from 1"
    }
  }
}
