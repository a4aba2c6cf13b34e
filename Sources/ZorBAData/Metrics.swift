package import ZorBAJSON

/// Counts of what a model got right, from which the usual figures follow.
///
/// Only sums are kept, so results of parts (batches, clients) merge into those of the whole.
///
/// - Accuracy: right predictions / examples with a label.
/// - Precision of a label: right / predicted; recall: right / true; F1: 2 right / (predicted + true).
///   A quotient of 0 by 0 counts as 0.
/// - Macro-F1: the plain mean of F1 over the labels that occur among the truths or the predictions;
///   a label absent from both says nothing about the model and is left out.
/// - Loss: sum of losses / sum of weights (examples, or tokens for running text).
/// - An example without a prediction (scores that are not numbers) counts as wrong.
package struct Metrics: Sendable, Equatable {
  /// The figures of one label.
  package struct LabelScore: Sendable, Equatable {
    package let label: String
    package let precision: Double
    package let recall: Double
    package let f1: Double
    /// The examples with this label.
    package let support: Int
  }

  /// The labels' names.
  package let labels: [String]
  /// Examples added, with or without a label.
  package private(set) var examples = 0
  private var lossSum = 0.0
  private var lossWeight = 0.0
  // All [label].
  private var right: [Int]
  private var predicted: [Int]
  private var actual: [Int]

  /// No examples yet.
  package init(labels: [String]) {
    self.labels = labels
    right = [Int](repeating: 0, count: labels.count)
    predicted = right
    actual = right
  }

  /// Adds an evaluated example.
  ///
  /// - Parameters:
  ///   - label: The true label, below the number of labels; nil for running text.
  ///   - prediction: The predicted label, or nil when there is none.
  ///   - loss: As `Scoring.loss` gives it.
  package mutating func add(
    label: Int?, prediction: Int?, loss: (sum: Double, weight: Double)
  ) {
    examples += 1
    lossSum += loss.sum
    lossWeight += loss.weight
    guard let label else { return }
    actual[label] += 1
    guard let prediction else { return }
    predicted[prediction] += 1
    if prediction == label { right[label] += 1 }
  }

  /// Scores an example's values and adds it.
  package mutating func add(_ example: EncodedExample, values: [[Double]]) {
    add(
      label: example.label, prediction: Scoring.prediction(of: example, values: values),
      loss: Scoring.loss(of: example, values: values))
  }

  /// Adds the counts of another part of the same task.
  package mutating func merge(_ other: Metrics) {
    precondition(labels == other.labels)
    examples += other.examples
    lossSum += other.lossSum
    lossWeight += other.lossWeight
    for label in labels.indices {
      right[label] += other.right[label]
      predicted[label] += other.predicted[label]
      actual[label] += other.actual[label]
    }
  }

  /// The share of right predictions, or nil without labelled examples.
  package var accuracy: Double? {
    let total = actual.reduce(0, +)
    return total == 0 ? nil : Double(right.reduce(0, +)) / Double(total)
  }

  /// The mean F1 over the labels that occur, or nil when none does.
  package var macroF1: Double? {
    let occurring = labels.indices.filter { actual[$0] + predicted[$0] > 0 }
    return occurring.isEmpty
      ? nil : occurring.reduce(0) { $0 + score(of: $1).f1 } / Double(occurring.count)
  }

  /// The mean loss, or nil without examples.
  package var loss: Double? { lossWeight == 0 ? nil : lossSum / lossWeight }

  /// The figures of every label, those that never occur included.
  package var perLabel: [LabelScore] { labels.indices.map(score) }

  private func score(of label: Int) -> LabelScore {
    func ratio(_ part: Int, _ whole: Int) -> Double {
      whole == 0 ? 0 : Double(part) / Double(whole)
    }
    return LabelScore(
      label: labels[label], precision: ratio(right[label], predicted[label]),
      recall: ratio(right[label], actual[label]),
      f1: ratio(2 * right[label], predicted[label] + actual[label]), support: actual[label])
  }

  /// {accuracy, macro_f1, loss, examples, per_label: {name: {precision, recall, f1, support}}};
  /// figures that do not exist are null.
  package var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    var byLabel = JSONObject()
    for score in perLabel {
      let figures: JSONValue = [
        "precision": .number(score.precision), "recall": .number(score.recall),
        "f1": .number(score.f1), "support": .integer(score.support),
      ]
      _ = byLabel.append(.init(key: score.label, value: figures))
    }
    return [
      "accuracy": number(accuracy), "macro_f1": number(macroF1), "loss": number(loss),
      "examples": .integer(examples), "per_label": .object(byLabel),
    ]
  }
}
