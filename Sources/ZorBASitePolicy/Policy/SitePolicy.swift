package import ZorBA

/// What a site lets a coordinator ask for: the contents of `policy.yaml`, validated.
///
/// No run and no coordinator can override it. Limits are inclusive; nil means that `any` is written
/// in the file.
package struct SitePolicy: Sendable, Equatable {
  /// The file, for sentences that refuse.
  package var file: String
  /// Where each key stands, counted from 1.
  package var lines: [PolicyKey: Int] = [:]

  package var federation: String
  package var runNames: Allowance<NamePattern>
  /// SHA-256 of the payload of a run's journal header, lower-case hexadecimal.
  package var specifications: Allowance<String>
  /// State digests of base models, lower-case hexadecimal.
  package var baseModels: Allowance<String>
  package var tasks: Allowance<TaskConfiguration.Kind>
  /// `default` stands for the template that the task has of itself.
  package var templates: Allowance<String>
  /// Columns that a run may name to be trained on, byte by byte.
  package var columns: Allowance<String>
  /// Blocks asked for in one round.
  package var mostBlocks: Int?
  /// Block 0 holds the embeddings, the final norm and the head.
  package var forbiddenBlocks: Set<Int>
  package var mostLocalSteps: Int?
  package var mostDirections: Int?
  /// Rows that a run draws for an answer, at least: the fewer, the more an answer tells of each.
  package var smallestBatch: Int
  /// Answers over all runs, ever; also the length of a run.
  package var mostRounds: Int?
  /// Answers over all runs from midnight to midnight, UTC.
  package var mostRoundsPerDay: Int?
  package var hours: HourWindows?
  package var payloadPerRound: Int?
  package var payloadPerDay: Int?
  /// Whether dense updates may leave the site: the change of every trained weight, which tells far
  /// more of the rows than scalars do.
  package var allowsUpdates: Bool
  /// Bytes of dense updates in one round, those that are sent again among them.
  package var updateBytesPerRound: Int?
  package var allowsEvaluation: Bool
  package var fewestEvaluationExamples: Int
  /// Whether evaluations may tell how the model does on segments of the rows.
  package var allowsSegments: Bool
  /// Columns that a run may name to divide the rows into segments; names of segments are their values.
  package var segmentColumns: Allowance<String>
  package var share: SharedFields
  package var requiresSecureAggregation: Bool
  package var requiresDifferentialPrivacy: Bool
  package var epsilonMaximum: Double?
  package var minimumCohort: Int

  /// The entry of `templates` that stands for the task's own template.
  package static let ownTemplate = "default"

  /// Whether evaluations may tell of segments by a column.
  package func tellsSegments(by column: String) -> Bool {
    allowsEvaluation && allowsSegments
      && segmentColumns.admits { $0.utf8.elementsEqual(column.utf8) }
  }
}
