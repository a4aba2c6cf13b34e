import ZorBADiagnostics
import ZorBAJSON

/// A prompt with places: `{column}` for a row's values and one for the answer.
///
/// `{{` and `}}` stand for braces. Text behind the answer's place is dropped: a causal model cannot
/// see it when it answers.
struct Template: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case literal(String)
    case column(String)
  }

  /// What stands before the answer.
  let parts: [Part]
  let source: String

  var columns: [String] {
    parts.compactMap { if case .column(let name) = $0 { name } else { nil } }
  }

  /// - Parameters:
  ///   - source: The template.
  ///   - answer: The name of the answer's place, `label` or `choice`.
  /// - Throws: `ZorBAError` with code `invalidConfiguration`.
  init(_ source: String, answer: String) throws {
    func failure(_ message: String) -> ZorBAError {
      ZorBAError(
        .invalidConfiguration, message, at: .init(field: "task.template"),
        advice: "A template reads like \"{text} It was {\(answer)}.\"; write {{ for a brace.")
    }
    var parts: [Part] = []
    var literal = ""
    var rest = Substring(source)
    var foundAnswer = false
    while let character = rest.popFirst() {
      switch character {
      case "{" where rest.first == "{", "}" where rest.first == "}":
        literal.append(character)
        rest.removeFirst()
      case "{":
        guard let end = rest.firstIndex(of: "}") else { throw failure("a '{' is not closed") }
        let name = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        guard !name.isEmpty, !name.contains("{") else { throw failure("'{\(name)}' names nothing") }
        if name == answer {
          foundAnswer = true
        } else {
          if !literal.isEmpty { parts.append(.literal(literal)) }
          literal = ""
          parts.append(.column(name))
        }
      case "}": throw failure("a '}' has no '{'")
      default: literal.append(character)
      }
      if foundAnswer { break }
    }
    guard foundAnswer else { throw failure("there is no place for the answer, {\(answer)}") }
    if !literal.isEmpty { parts.append(.literal(literal)) }
    guard parts.contains(where: { if case .column = $0 { true } else { false } }) else {
      throw failure("there is no place for a column before {\(answer)}")
    }
    self.parts = parts
    self.source = source
  }

  /// The prompt of a row, cut into pieces so that one of them can be shortened.
  func pieces(of row: Row, optional: Set<String> = []) throws -> [(text: String, isColumn: Bool)] {
    try parts.map { part in
      switch part {
      case .literal(let text): return (text, false)
      case .column(let name):
        if optional.contains(name), row.values[name] == nil || row.values[name] == .null {
          return ("", true)
        }
        return (try row.text(name), true)
      }
    }
  }
}
