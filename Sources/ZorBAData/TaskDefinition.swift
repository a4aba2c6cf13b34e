import ZorBADiagnostics
import ZorBAJSON

/// What is asked of the model and which columns say so.
package struct TaskDefinition: Sendable, Equatable {
  /// The kinds of task, by their name in configuration files.
  package enum Kind: String, Sendable, CaseIterable {
    /// Choose one of a fixed set of labels.
    case classification
    /// Choose one of the row's own choices.
    case multipleChoice = "multiple_choice"
    /// Predict every token of running text.
    case languageModeling = "language_modeling"
    /// Predict the completion that follows a prompt.
    case completion
  }

  /// What of the model is asked, which decides how a row is laid out.
  package enum Head: Sendable, Equatable {
    /// The next token after a text.
    case nextToken
    /// The token at a mask inside a text.
    case maskedToken
    /// A value a label of a text as a whole.
    case wholeText
  }

  /// A label as the data has it and the word that the model is asked for.
  package struct LabelWord: Sendable, Equatable {
    /// The value in the label column.
    package var value: String
    /// What stands in the label's place.
    package var word: String

    /// Creates a pair.
    package init(value: String, word: String) {
      self.value = value
      self.word = word
    }

    /// The word when none is given: the value with underscores as spaces.
    package static func word(for value: String) -> String {
      String(String.UnicodeScalarView(value.unicodeScalars.map { $0 == "_" ? " " : $0 }))
    }
  }

  /// The names of the columns a task reads.
  package struct Columns: Sendable, Equatable {
    package var text = "text"
    package var label = "label"
    package var question = "question"
    package var context = "context"
    package var choices = "choices"
    package var answer = "answer"
    package var prompt = "prompt"
    package var completion = "completion"
    /// The column that says which site a row belongs to.
    package var site = "site"
    /// Whether every row must have the site column, as partitions by column need it.
    package var requiresSite = false

    /// The column that names a row's segment, for figures by segment; nil asks for none.
    package var segment: String?

    /// The conventional names.
    package init() {}

    /// The site a row says it belongs to.
    ///
    /// - Throws: `ZorBAError` when the column is required and missing, or no text.
    func site(of row: Row) throws -> String? {
      guard requiresSite || row.columns[site] != nil else { return nil }
      return try row.text(of: site)
    }
  }

  /// What is asked.
  package var kind: Kind
  /// The template, or nil for the kind's own: "{text} It was {label}." or, for multiple choice,
  /// "{context}\n{question}\nAnswer: {choice}" (without its first line where a row has no context).
  /// Heads that look at whole texts take "{text}".
  package var template: String?
  /// The labels in order, or nil to take every value the data has as its own word.
  package var labels: [LabelWord]?
  /// Where things stand in a row.
  package var columns: Columns
  /// The longest sequence given to the model, in tokens.
  package var maximumTokens: Int
  /// What of the model is asked.
  package var head = Head.nextToken

  /// Creates a definition.
  package init(
    _ kind: Kind, template: String? = nil, labels: [LabelWord]? = nil,
    columns: Columns = Columns(), maximumTokens: Int = 256
  ) {
    self.kind = kind
    self.template = template
    self.labels = labels
    self.columns = columns
    self.maximumTokens = maximumTokens
  }
}
