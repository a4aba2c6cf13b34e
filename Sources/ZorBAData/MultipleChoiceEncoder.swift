import ZorBAJSON

/// Rows of multiple-choice questions as contexts with the row's choices as candidates.
///
/// The context column is shortened when a row is too long; the question only when there is no
/// context left to shorten.
struct MultipleChoiceEncoder: Sendable {
  /// What a row became, with its choices to name the labels by.
  struct Encoded {
    var example: EncodedExample
    var choices: [String]
  }

  private let withContext: CandidateEncoder
  /// For rows without a context; nil when the template is the user's own.
  private let withoutContext: CandidateEncoder?
  private let columns: TaskDefinition.Columns

  init(_ task: TaskDefinition, sequences: SequenceEncoder) throws {
    columns = task.columns
    func encoder(_ text: String) throws -> CandidateEncoder {
      CandidateEncoder(
        sequences: sequences, template: try Template(text, slot: "choice"),
        limit: task.maximumTokens)
    }
    if let template = task.template {
      withContext = try encoder(template)
      withoutContext = nil
    } else {
      let question = "{\(columns.question)}\nAnswer: {choice}"
      withContext = try encoder("{\(columns.context)}\n" + question)
      withoutContext = try encoder(question)
    }
  }

  /// Encodes one row.
  ///
  /// - Throws: `ZorBAError` naming file, line and column.
  func encode(_ row: Row) throws -> Encoded {
    let choices = try self.choices(of: row)
    let answer = try self.answer(of: row, among: choices.count)
    var encoder = withContext
    if let withoutContext {
      let context = row.columns[columns.context]
      if context == nil || context == .null || context == .string("") { encoder = withoutContext }
    }
    let fitted = try encoder.encode(row, answers: choices, sparing: columns.question)
    try checkDistinct(fitted.split.continuations, choices, row)
    let example = EncodedExample(
      context: fitted.split.context, continuations: fitted.split.continuations, answer: answer,
      site: try columns.site(of: row), truncated: fitted.truncated, line: row.line)
    return Encoded(example: example, choices: choices)
  }

  /// The choices: an array, or in a separated-value file its JSON text.
  private func choices(of row: Row) throws -> [String] {
    let column = columns.choices
    var value = try row.value(of: column)
    if case .string(let text) = value, text.utf8.first == UInt8(ascii: "[") {
      value = try JSONParser.parse(text.utf8, file: row.file, firstLine: row.line)
    }
    guard let array = value.array else {
      throw row.failure(
        "column '\(column)' is \(value.kind), not an array", column: column,
        advice: "Give the choices as an array of strings.")
    }
    guard array.count >= 2 else {
      throw row.failure(
        "the number of choices is \(array.count)", column: column, advice: "Give two or more.")
    }
    return try array.enumerated().map { index, element in
      let text: String
      switch element {
      case .string(let string): text = string
      case .integer, .number, .bool: text = element.serialized
      case .null, .array, .object:
        throw row.failure("choice \(index) is \(element.kind), not text", column: column)
      }
      guard text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
        throw row.failure("choice \(index) is empty", column: column)
      }
      return text
    }
  }

  private func answer(of row: Row, among count: Int) throws -> Int {
    let column = columns.answer
    let value = try row.value(of: column)
    guard let answer = value.integer ?? value.string.flatMap({ Int($0) }) else {
      throw row.failure(
        "the answer \(value.serialized.prefix(80)) is not a whole number", column: column,
        advice: "Give the index of the right choice, counted from 0.")
    }
    guard (0..<count).contains(answer) else {
      throw row.failure(
        "the answer \(answer) is not among the \(count) choices", column: column,
        advice: "Give an index from 0 to \(count - 1).")
    }
    return answer
  }

  private func checkDistinct(_ tokens: [[Int32]], _ choices: [String], _ row: Row) throws {
    var seen: [[Int32]: Int] = [:]
    for (index, ids) in tokens.enumerated() {
      guard !ids.isEmpty else {
        throw row.failure("choice \(index) has no tokens", column: columns.choices)
      }
      if let other = seen.updateValue(index, forKey: ids) {
        throw row.failure(
          "choices \(other) and \(index) are the same tokens: '\(choices[index].prefix(80))'",
          column: columns.choices, advice: "Remove one of them.")
      }
    }
  }
}
