import ZorBADiagnostics
import ZorBAJSON

/// Multiple choice: which option does the model find likeliest behind the question?
package struct MultipleChoiceTask: Sendable {
  private let template: Template
  private let encoder: PromptEncoder

  package static let defaultTemplate = "{context}\n{question}\nAnswer: {choice}"

  /// - Throws: `ZorBAError` with code `invalidConfiguration` for a template that cannot be used.
  package init(template: String, encoder: any TextEncoder, maximumTokens: Int) throws {
    self.template = try Template(template, answer: "choice")
    self.encoder = PromptEncoder(encoder: encoder, maximumTokens: maximumTokens)
  }

  /// Encodes a row with `question`, `choices`, `answer` and maybe `context`.
  ///
  /// - Throws: `ZorBAError` with code `invalidData` naming file and line.
  package func encode(_ row: Row) throws -> EncodedExample {
    guard let listed = row.values["choices"] else { throw row.missing("choices") }
    let choices = try (listed.array ?? []).map { choice in
      guard let text = choice.string else {
        throw row.failure("a choice is \(choice.kind), not text", field: "choices")
      }
      return text
    }
    guard choices.count >= 2, choices.allSatisfy({ !$0.isEmpty }) else {
      throw row.failure(
        "there are \(choices.count) choices, or an empty one", field: "choices",
        advice: "Give a list of two or more texts.")
    }
    guard let value = row.values["answer"] else { throw row.missing("answer") }
    guard let answer = value.integer, choices.indices.contains(answer) else {
      throw row.failure(
        "the answer is \(value.serialized)", field: "answer",
        advice: "Give the place of the right choice, 0 to \(choices.count - 1).")
    }
    let pieces = try template.pieces(of: row, optional: ["context"])
    let room = encoder.maximumTokens
      - (choices.map { encoder.continuation(" " + $0, after: "x").count }.max() ?? 1) - 1
    guard let fitted = encoder.fitted(pieces, limit: room) else {
      throw row.failure(
        "the question and its longest choice are longer than \(encoder.maximumTokens) tokens",
        advice: "Raise batch.max_tokens.")
    }
    let text = fitted.text.first == "\n" ? String(fitted.text.dropFirst()) : fitted.text
    let prompt = encoder.split(text)
    let options = choices.map { encoder.continuation(prompt.lead + $0, after: prompt.prompt) }
    var example = CandidateEncoding.example(
      prompts: [encoder.prompt(prompt.prompt)], options: options, answer: answer)
    example.label = answer
    example.truncated = fitted.truncated
    example.line = row.line
    return example
  }
}
