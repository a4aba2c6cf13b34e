import ZorBADiagnostics

/// Rows of a classification as whole texts, for heads that look at a text and give a value a label.
struct WholeTextEncoder: Sendable {
  private let encoder: any TextEncoder
  private let template: Template
  private let labels: LabelSet
  private let columns: TaskDefinition.Columns
  private let limit: Int
  /// The outputs of the head: label 0, label 1, …
  private let outputs: [[Int32]]

  /// - Throws: `ZorBAError` for an unusable template.
  init(_ task: TaskDefinition, labels: LabelSet, encoder: any TextEncoder) throws {
    self.encoder = encoder
    self.labels = labels
    columns = task.columns
    limit = task.maximumTokens
    template = try Template(wholeText: task.template ?? "{\(task.columns.text)}")
    outputs = labels.words.indices.map { [Int32(truncatingIfNeeded: $0)] }
  }

  /// Encodes one row; a text that is too long loses its end.
  ///
  /// - Throws: `ZorBAError` naming file and line for an unknown label, a missing column or a row
  ///   without any token.
  func encode(_ row: Row) throws -> EncodedExample {
    let answer = try labels.index(of: row, column: columns.label)
    var values: [String: String] = [:]
    for column in template.columns { values[column] = try row.text(of: column) }
    let (prefix, suffix) = encoder.enclosingTokens
    let ids = encoder.encode(template.prefix(values), addingSpecialTokens: false)
    let room = max(0, limit - prefix.count - suffix.count)
    let context = prefix + ids.prefix(room) + suffix
    guard !context.isEmpty, context.count <= limit else {
      throw row.failure(
        "the text has no token that fits", column: template.columns.first,
        advice: "Fill the column, or raise batch.max_tokens.")
    }
    return EncodedExample(
      context: context, continuations: outputs, answer: answer,
      site: try columns.site(of: row), truncated: ids.count > room, line: row.line)
  }
}
