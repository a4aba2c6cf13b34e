import GRDB
import ZorBADiagnostics

/// How good the model of a round was on a split: metrics, never examples.
package struct StoredEvaluation: Hashable, Sendable {
  /// 0 for the base model.
  package var round: Int
  package var split: String
  /// The site whose examples they were; nil for all sites together.
  package var site: String?
  package var examples: Int
  package var loss: Double
  /// Nil for tasks that have none.
  package var accuracy: Double?
  package var macroF1: Double?

  package init(
    round: Int, split: String, site: String? = nil, examples: Int, loss: Double,
    accuracy: Double? = nil, macroF1: Double? = nil
  ) {
    self.round = round
    self.split = split
    self.site = site
    self.examples = examples
    self.loss = loss
    self.accuracy = accuracy
    self.macroF1 = macroF1
  }

  /// Reads a row of `evaluation` with the site's name as `site`.
  init(_ row: Row) throws {
    let columns = ColumnReader(row, "evaluation")
    self = try StoredEvaluation(
      round: columns.integer("round"), split: columns.text("split"),
      site: columns.textIfPresent("site"), examples: columns.integer("examples"),
      loss: columns.double("loss"), accuracy: columns.doubleIfPresent("accuracy"),
      macroF1: columns.doubleIfPresent("macro_f1")
    ).checked()
  }

  /// - Throws: `ZorBAError` naming the value that cannot be.
  func checked() throws -> StoredEvaluation {
    let checks = ValueChecks("evaluation")
    _ = try checks.count(round, "round")
    _ = try checks.name(split, "split")
    _ = try site.map { try checks.name($0, "site") }
    _ = try checks.count(examples, "examples")
    _ = try checks.finite(loss, "loss")
    for (value, column) in [(accuracy, "accuracy"), (macroF1, "macro_f1")] {
      guard let value else { continue }
      guard (0...1).contains(value) else {
        throw checks.failure(column, "\(value) is not between 0 and 1")
      }
    }
    return self
  }
}
