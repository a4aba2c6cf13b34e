import ZorBADiagnostics
import ZorBAJSON

/// The labels of a classification, in the order that gives them their numbers.
struct LabelSet: Sendable {
  let words: [TaskDefinition.LabelWord]
  private let indices: [String: Int]

  /// Checks that values and words are usable.
  ///
  /// - Throws: `ZorBAError` for fewer than two labels, a value that appears twice, an empty word.
  init(_ words: [TaskDefinition.LabelWord]) throws {
    func failure(_ message: String, _ advice: String) -> ZorBAError {
      ZorBAError(
        .invalidConfiguration, message, at: .init(field: "task.labels"), advice: advice)
    }
    var indices: [String: Int] = [:]
    for (index, label) in words.enumerated() {
      guard indices.updateValue(index, forKey: label.value) == nil else {
        throw failure("label '\(label.value)' appears twice", "Keep one entry for it.")
      }
      guard label.word.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
        throw failure("label '\(label.value)' has an empty word", "Give it a word to ask for.")
      }
    }
    guard words.count >= 2 else {
      throw failure(
        words.first.map { "the only label is '\($0.value)'" } ?? "there are no labels",
        "A classification chooses between two or more; list them in task.labels.")
    }
    self.words = words
    self.indices = indices
  }

  /// The number of the label of a row.
  ///
  /// - Throws: `ZorBAError` listing the known labels.
  func index(of row: Row, column: String) throws -> Int {
    let value = try row.text(of: column)
    if let index = indices[value] { return index }
    let known = words.prefix(80).map { "'\($0.value)'" }.joined(separator: ", ")
    throw row.failure(
      "label '\(value.prefix(80))' is not in the label map", column: column,
      advice: "The known labels are \(known).")
  }

  /// Every value of the label column with its default word, sorted by UTF-8 bytes so that the
  /// numbers do not depend on the order of rows.
  static func discover(in file: DataFile, column: String) throws -> [TaskDefinition.LabelWord] {
    var values: Set<String> = []
    try file.forEachRow { row in
      if values.insert(try row.text(of: column)).inserted, values.count > maximumDiscovered {
        throw row.failure(
          "there are more than \(maximumDiscovered) different labels", column: column,
          advice: "This column seems to hold text; name the label column, or list task.labels.")
      }
    }
    return words(for: values)
  }

  /// Label values with their default words, in their lasting order.
  static func words(for values: Set<String>) -> [TaskDefinition.LabelWord] {
    values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { .init(value: $0, word: TaskDefinition.LabelWord.word(for: $0)) }
  }

  private static let maximumDiscovered = 4096
}
