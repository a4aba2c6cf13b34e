/// Right and wrong answers, counted so that parts can be added up.
package struct Metrics: Sendable, Equatable {
  /// Precision, recall and F1 of one label.
  package struct LabelFigures: Sendable, Equatable {
    package var precision: Double
    package var recall: Double
    package var f1: Double
    /// Rows whose right answer is the label.
    package var support: Int
  }

  /// Rows by right and predicted label, [labels][labels].
  package private(set) var confusion: [[Int]]
  package private(set) var examples = 0
  private var correct = 0
  private var lossSum = 0.0
  private var lossWeight = 0.0

  package init(labels: Int = 0) {
    confusion = Array(repeating: Array(repeating: 0, count: labels), count: labels)
  }

  /// Counts one row; options beyond the labels count for accuracy only.
  package mutating func add(answer: Int?, prediction: Int?, loss: Double, weight: Double) {
    examples += 1
    lossSum += loss
    lossWeight += weight
    guard let answer, let prediction else { return }
    if answer == prediction { correct += 1 }
    if confusion.indices.contains(answer), confusion.indices.contains(prediction) {
      confusion[answer][prediction] += 1
    }
  }

  /// Share of right answers.
  package var accuracy: Double { examples == 0 ? 0 : Double(correct) / Double(examples) }

  /// Mean loss, over rows or over tokens.
  package var loss: Double { lossWeight == 0 ? 0 : lossSum / lossWeight }

  package func figures(label: Int) -> LabelFigures {
    let support = confusion[label].reduce(0, +)
    let predicted = confusion.reduce(0) { $0 + $1[label] }
    let hits = Double(confusion[label][label])
    return LabelFigures(
      precision: predicted == 0 ? 0 : hits / Double(predicted),
      recall: support == 0 ? 0 : hits / Double(support),
      f1: support + predicted == 0 ? 0 : 2 * hits / Double(support + predicted),
      support: support)
  }

  /// F1 averaged over the labels that occur as truth or prediction; nil without labels.
  package var macroF1: Double? {
    guard !confusion.isEmpty else { return nil }
    let present = confusion.indices.filter { label in
      confusion[label].contains { $0 > 0 } || confusion.contains { $0[label] > 0 }
    }
    guard !present.isEmpty else { return 0 }
    return present.reduce(0) { $0 + figures(label: $1).f1 } / Double(present.count)
  }
}
