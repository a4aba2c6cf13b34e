import ZorBADiagnostics

/// The text put before what a model is asked, with places for columns.
///
/// `{name}` stands for the column `name`; `{{` and `}}` stand for braces. One place is the slot,
/// where the answer begins (`{label}` or `{choice}`). What follows the slot is dropped: a causal
/// model that scores the slot has not read it.
package struct Template: Sendable, Equatable {
  /// A stretch of the text before the slot.
  package enum Part: Sendable, Equatable {
    /// Text that is the same in every row.
    case literal(String)
    /// The value of a column.
    case column(String)
  }

  /// What stands before the slot, without the space that belongs to the answer.
  package let parts: [Part]
  /// What joins the text before the slot and the answer: one space, or nothing.
  ///
  /// Vocabularies hold words with their leading space, so a space before the slot is the first
  /// character of the answer, not the last of the prefix.
  package let separator: String

  /// The columns named before the slot, in order of first use.
  package let columns: [String]

  /// Parses a template.
  ///
  /// - Parameters:
  ///   - text: The template as the user wrote it.
  ///   - slot: The name of the place of the answer.
  ///   - field: The configuration key to name in errors.
  /// - Throws: `ZorBAError` for unbalanced braces, an empty name, a missing or repeated slot, or no
  ///   column before the slot.
  package init(_ text: String, slot: String, field: String = "task.template") throws {
    let (all, slots) = try Self.scan(text, slot: slot, field: field)
    func failure(_ message: String, _ advice: String) -> ZorBAError {
      ZorBAError(
        .invalidConfiguration, "template \"\(text)\" \(message)", at: .init(field: field),
        advice: advice)
    }
    guard let slotIndex = slots.first else {
      throw failure("has no {\(slot)}", "Put {\(slot)} where the answer belongs.")
    }
    guard slots.count == 1 else {
      throw failure("has {\(slot)} \(slots.count) times", "Keep one {\(slot)}.")
    }
    var parts = Array(all[..<slotIndex])
    var separator = ""
    if case .literal(let last)? = parts.last, last.unicodeScalars.last == " " {
      separator = " "
      parts.removeLast()
      let rest = String(last.unicodeScalars.dropLast())
      if !rest.isEmpty { parts.append(.literal(rest)) }
    }
    var columns: [String] = []
    for case .column(let name) in parts where !columns.contains(name) { columns.append(name) }
    guard !columns.isEmpty else {
      throw failure(
        "names no column before {\(slot)}", "Add one, such as {text}, in front of {\(slot)}.")
    }
    self.parts = parts
    self.separator = separator
    self.columns = columns
  }

  /// The text before the slot with every column replaced by its value.
  ///
  /// A column that `values` lacks is left out; callers look every one of `columns` up first.
  package func prefix(_ values: [String: String]) -> String {
    var text = ""
    for part in parts {
      switch part {
      case .literal(let literal): text += literal
      case .column(let name): text += values[name] ?? ""
      }
    }
    return text
  }

  /// The answer as it continues the prefix: with the joining space, unless it brings one along.
  package func continuation(_ answer: String) -> String {
    answer.unicodeScalars.first == " " ? answer : separator + answer
  }

  /// The constant text right before the slot, if tokens cannot reach across it; else nil.
  ///
  /// It qualifies when the answer starts with a space and the text has a space followed by ink:
  /// then the tokens of the answer depend on nothing before this text, and one encoding of the
  /// candidates serves every row.
  package var anchor: String? {
    guard separator == " ", case .literal(let text)? = parts.last,
      let last = text.unicodeScalars.last, !last.properties.isWhitespace
    else { return nil }
    return text.unicodeScalars.contains { $0.properties.isWhitespace } ? text : nil
  }

  /// Splits into literals and names; the slot's positions come separately, each holding no part.
  static func scan(
    _ text: String, slot: String, field: String
  ) throws -> (parts: [Part], slots: [Int]) {
    var parts: [Part] = []
    var slots: [Int] = []
    var literal = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]

    func failure(_ message: String) -> ZorBAError {
      ZorBAError(
        .invalidConfiguration, "template \"\(text)\" \(message)", at: .init(field: field),
        advice: "Write {column} for a column, and {{ or }} for a brace.")
    }
    func flush() {
      if !literal.isEmpty { parts.append(.literal(String(literal))) }
      literal = .init()
    }
    while let scalar = rest.popFirst() {
      if scalar == "{" || scalar == "}", rest.first == scalar {
        literal.append(scalar)
        rest.removeFirst()
      } else if scalar == "{" {
        guard let close = rest.firstIndex(of: "}") else { throw failure("has a { without its }") }
        let name = String(rest[..<close])
        guard !name.isEmpty else { throw failure("has an empty name: {}") }
        guard !name.unicodeScalars.contains("{") else { throw failure("has a { inside {…}") }
        rest = rest[rest.index(after: close)...]
        flush()
        if name == slot { slots.append(parts.count) } else { parts.append(.column(name)) }
      } else if scalar == "}" {
        throw failure("has a } without its {")
      } else {
        literal.append(scalar)
      }
    }
    flush()
    return (parts, slots)
  }
}

extension Template {
  /// A template without a slot: the text as a whole.
  ///
  /// - Throws: `ZorBAError` for unbalanced braces, an empty name or no column.
  init(wholeText text: String, field: String = "task.template") throws {
    let (parts, slots) = try Self.scan(text, slot: "label", field: field)
    self.init(parts: parts, separator: "")
    guard !columns.isEmpty, slots.isEmpty else {
      throw ZorBAError(
        .invalidConfiguration,
        "template \"\(text)\" "
          + (slots.isEmpty ? "names no column" : "has a {label}, which this head does not ask for"),
        at: .init(field: field), advice: "Use columns only, such as {text}.")
    }
  }

  /// What stands before a slot and what stands behind it, for models that read both.
  ///
  /// Spaces right before the slot are the first one's separator: they belong to the word that the
  /// slot stands for.
  ///
  /// - Throws: `ZorBAError` for unbalanced braces, an empty name, a missing or repeated slot, or no
  ///   column.
  static func around(
    _ slot: String, of text: String, field: String = "task.template"
  ) throws -> (before: Template, after: Template) {
    let (parts, slots) = try scan(text, slot: slot, field: field)
    guard let place = slots.first, slots.count == 1 else {
      throw ZorBAError(
        .invalidConfiguration, "template \"\(text)\" has {\(slot)} \(slots.count) times",
        at: .init(field: field), advice: "Put {\(slot)} once, where the answer belongs.")
    }
    var before = Array(parts[..<place])
    var separator = ""
    if case .literal(let last)? = before.last {
      var scalars = last.unicodeScalars
      while scalars.last == " " {
        scalars.removeLast()
        separator = " "
      }
      before.removeLast()
      if !scalars.isEmpty { before.append(.literal(String(scalars))) }
    }
    let result = (
      Template(parts: before, separator: separator),
      Template(parts: Array(parts[place...]), separator: "")
    )
    guard !(result.0.columns + result.1.columns).isEmpty else {
      throw ZorBAError(
        .invalidConfiguration, "template \"\(text)\" names no column", at: .init(field: field),
        advice: "Add one, such as {text}.")
    }
    return result
  }

  private init(parts: [Part], separator: String) {
    var columns: [String] = []
    for case .column(let name) in parts where !columns.contains(name) { columns.append(name) }
    self.parts = parts
    self.separator = separator
    self.columns = columns
  }
}
