import GRDB
import ZorBADiagnostics

extension CoordinatorStore {
  /// Records evaluations in one transaction; one that is there with the same content is left.
  ///
  /// - Throws: `ZorBAError` `invalidConfiguration` when the run or a site is unknown, or when the
  ///   same round, split and site have other metrics already.
  package func record(_ evaluations: [StoredEvaluation], ofRun run: String) throws {
    let evaluations = try evaluations.map { try $0.checked() }
    try write { db in
      let row = try Self.knownRun(run, db)
      for evaluation in evaluations {
        let site = try evaluation.site.map { try Self.knownSite($0, row, run, db) }
        if let stored = try Self.evaluation(like: evaluation, site, row, db) {
          guard stored == evaluation else { throw Self.contradiction(evaluation) }
          continue
        }
        try db.execute(
          sql: """
            INSERT INTO evaluation (
              run_id, round, split, site_id, examples, loss, accuracy, macro_f1)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            row, evaluation.round, evaluation.split, site, evaluation.examples, evaluation.loss,
            evaluation.accuracy, evaluation.macroF1,
          ])
      }
    }
  }

  /// The evaluations of a run from a round on, by round, split and site, all sites together first.
  ///
  /// - Parameters:
  ///   - split: One split, or nil for all.
  ///   - limit: At most so many, and never more than 10,000.
  package func evaluations(
    ofRun run: String, split: String? = nil, from first: Int = 0, limit: Int = 10_000
  ) throws -> [StoredEvaluation] {
    try read { db in
      let run = try Self.knownRun(run, db)
      return try Row.fetchAll(
        db,
        sql: Self.selectEvaluations + """
           WHERE evaluation.run_id = ? AND evaluation.round >= ?
            AND (?3 IS NULL OR evaluation.split = ?3)
          ORDER BY evaluation.round, evaluation.split, site.name LIMIT ?4
          """, arguments: [run, first, split, min(max(limit, 0), 10_000)]
      ).map(StoredEvaluation.init)
    }
  }

  private static let selectEvaluations = """
    SELECT evaluation.*, site.name AS site
    FROM evaluation LEFT JOIN site ON site.id = evaluation.site_id
    """

  private static func evaluation(
    like other: StoredEvaluation, _ site: Int64?, _ run: Int64, _ db: Database
  ) throws -> StoredEvaluation? {
    try Row.fetchOne(
      db,
      sql: selectEvaluations + """
         WHERE evaluation.run_id = ? AND evaluation.round = ? AND evaluation.split = ?
          AND ifnull(evaluation.site_id, 0) = ?
        """, arguments: [run, other.round, other.split, site ?? 0]
    ).map(StoredEvaluation.init)
  }

  private static func contradiction(_ evaluation: StoredEvaluation) -> ZorBAError {
    let whose = evaluation.site.map { "'\($0)'" } ?? "all sites"
    return ZorBAError(
      .invalidConfiguration,
      "the evaluation of round \(evaluation.round) on \(evaluation.split) of \(whose) is there "
        + "with other metrics", at: .init(field: "evaluation"),
      advice: "A round is evaluated once; go back behind it to evaluate it anew.")
  }
}
