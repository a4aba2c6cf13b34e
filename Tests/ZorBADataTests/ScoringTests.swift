import Testing
import ZorBAJSON

@testable import ZorBAData

/// An example whose candidates have the given lengths; the ids do not matter to scores.
private func example(_ lengths: [Int], answer: Int?) -> EncodedExample {
  EncodedExample(
    context: [1], continuations: lengths.enumerated().map { j, n in (0..<n).map { Int32(j + $0) } },
    answer: answer, line: 1)
}

@Suite struct ScoringTests {
  /// Against numpy in binary64; values are exact in binary32, so only summation order differs.
  @Test func lossesEqualTheReference() throws {
    let cases = try #require(try Golden.load("metrics.json")["losses"]?.array)
    #expect(cases.count == 60)
    for golden in cases {
      let lengths = try #require(golden["lengths"]?.array).compactMap(\.integer)
      let values = try #require(golden["values"]?.array).map {
        ($0.array ?? []).compactMap { $0.double.map { Double($0) } }
      }
      let example = example(lengths, answer: golden["answer"]?.integer)
      #expect(example.queries.map(\.targets.count) == values.map(\.count))
      let loss = Scoring.loss(of: example, values: values)
      let expected = try #require(golden["sum"]?.double)
      #expect(abs(loss.sum - expected) <= 1e-12 * max(1, abs(expected)))
      #expect(loss.weight == golden["weight"]?.double)
      #expect(Scoring.prediction(of: example, values: values) == golden["prediction"]?.integer)
      let scores = golden["scores"]?.array?.compactMap(\.double)
      let got = Scoring.candidateScores(of: example, values: values)
      #expect(got?.count == scores?.count)
      for (left, right) in zip(got ?? [], scores ?? []) {
        #expect(abs(left - right) <= 1e-12 * max(1, abs(right)))
      }
    }
  }

  /// Against central differences of the loss.
  @Test func derivativesAreSlopesOfTheLoss() throws {
    for golden in try #require(Golden.load("metrics.json")["losses"]?.array) {
      let lengths = try #require(golden["lengths"]?.array).compactMap(\.integer)
      let values = try #require(golden["values"]?.array).map {
        ($0.array ?? []).compactMap { $0.double.map { Double($0) } }
      }
      let example = example(lengths, answer: golden["answer"]?.integer)
      #expect(Scoring.weight(of: example) == golden["weight"]?.double)
      let slopes = Scoring.derivative(of: example, values: values)
      #expect(slopes.map(\.count) == values.map(\.count))
      for (query, targets) in values.enumerated() {
        for target in targets.indices {
          let losses = [1e-4, -1e-4].map { step in
            var moved = values
            moved[query][target] += step
            return Scoring.loss(of: example, values: moved).sum
          }
          let slope = (losses[0] - losses[1]) / 2e-4
          #expect(abs(slope - slopes[query][target]) <= 1e-6)
        }
      }
    }
    let two = example([1, 1], answer: 1)
    #expect(Scoring.derivative(of: two, values: [[0, .nan]])[0].contains { $0.isNaN })
  }

  @Test func extremeScoresStayFinite() {
    let two = example([1, 1], answer: 1)
    #expect(Scoring.loss(of: two, values: [[3e38, -3e38]]).sum == 2 * Double(Double(3e38)))
    #expect(Scoring.loss(of: two, values: [[-3e38, 3e38]]).sum == 0)
    #expect(Scoring.loss(of: two, values: [[0, -.infinity]]).sum == .infinity)
    #expect(Scoring.loss(of: two, values: [[-.infinity, 0]]).sum == 0)
    #expect(Scoring.loss(of: two, values: [[-.infinity, -.infinity]]).sum == .infinity)
    #expect(Scoring.loss(of: two, values: [[.nan, 0]]).sum.isNaN)
    #expect(Scoring.loss(of: two, values: [[0, .infinity]]).sum.isNaN)
    #expect(Scoring.loss(of: example([2], answer: nil), values: [[-1], [.nan]]).sum.isNaN)
  }

  /// Adding a constant to all scores changes nothing: plain logits do as well as log-probabilities.
  @Test func commonOffsetsCancel() {
    let three = example([1, 1, 1], answer: 2)
    let plain = Scoring.loss(of: three, values: [[1, 2, 0.5]]).sum
    #expect(abs(Scoring.loss(of: three, values: [[1025, 1026, 1024.5]]).sum - plain) < 1e-12)
  }

  @Test func firstOfEqualScoresIsPredicted() {
    #expect(Scoring.prediction(of: example([1, 1, 1], answer: 0), values: [[1, 2, 2]]) == 1)
    #expect(Scoring.prediction(of: example([1, 1], answer: 0), values: [[1, .nan]]) == nil)
    #expect(Scoring.prediction(of: example([3], answer: nil), values: [[1], [1], [1]]) == nil)
  }
}

@Suite struct MetricsTests {
  @Test func figuresEqualTheReference() throws {
    let cases = try #require(try Golden.load("metrics.json")["metrics"]?.array)
    #expect(cases.count == 40)
    for golden in cases {
      func list(_ key: String) -> [Double] { (golden[key]?.array ?? []).compactMap(\.double) }
      let count = try #require(golden["labels"]?.integer)
      let pairs = zip(list("truth"), list("prediction")).map { (Int($0), Int($1)) }
      #expect(!pairs.isEmpty)
      let labels = (0..<count).map { "l\($0)" }
      var whole = Metrics(labels: labels)
      var parts = [whole, whole, whole]
      for (index, (truth, guess)) in pairs.enumerated() {
        let loss = (sum: Double(index), weight: 2.0)
        whole.add(label: truth, prediction: guess, loss: loss)
        parts[index * 7 % 3].add(label: truth, prediction: guess, loss: loss)
      }
      func near(_ left: Double?, _ right: Double?) -> Bool {
        abs((left ?? .nan) - (right ?? .nan)) < 1e-12
      }
      #expect(near(whole.accuracy, golden["accuracy"]?.double))
      #expect(near(whole.macroF1, golden["macro_f1"]?.double))
      #expect(near(whole.loss, Double(pairs.count - 1) / 4))
      for (label, score) in whole.perLabel.enumerated() {
        #expect(near(score.precision, list("precision")[label]))
        #expect(near(score.recall, list("recall")[label]))
        #expect(near(score.f1, list("f1")[label]))
        #expect(Double(score.support) == list("support")[label])
      }
      var merged = Metrics(labels: labels)
      for part in parts { merged.merge(part) }
      #expect(merged == whole)
    }
  }

  @Test func macroF1LeavesOutLabelsThatNeverOccur() {
    var metrics = Metrics(labels: ["a", "b", "c", "d"])
    metrics.add(label: 0, prediction: 0, loss: (0, 1))
    #expect(metrics.macroF1 == 1)
    // A label that is only predicted counts, with F1 0.
    metrics.add(label: 0, prediction: 2, loss: (0, 1))
    let third = 1.0 / 3
    #expect(metrics.macroF1 == third)
    // A label that is only true counts, with F1 0; no prediction is a wrong one.
    metrics.add(label: 1, prediction: nil, loss: (0, 1))
    let ninths = 2.0 / 9
    #expect(metrics.macroF1 == ninths)
    #expect(metrics.accuracy == third)
    #expect(metrics.perLabel[3] == .init(label: "d", precision: 0, recall: 0, f1: 0, support: 0))
  }

  @Test func runningTextHasALossOnly() {
    var metrics = Metrics(labels: [])
    #expect(metrics.loss == nil)
    metrics.add(example([2], answer: nil), values: [[-1], [-2]])
    metrics.add(example([1], answer: nil), values: [[-6]])
    #expect(metrics.loss == 3 && metrics.accuracy == nil && metrics.macroF1 == nil)
    #expect(metrics.json["accuracy"] == .null && metrics.json["examples"] == 2)
    #expect(metrics.json["loss"] == 3.0 && metrics.json["per_label"]?.object?.members.count == 0)
  }
}
