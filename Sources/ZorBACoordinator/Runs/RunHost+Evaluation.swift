import Logging
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning
import ZorBAWire

/// Evaluation rounds: sites send metrics of their own rows, never the rows.
extension RunHost {
  func evaluate(round: Int, clients: [Int]) {
    evaluations = [:]
    for client in clients {
      sessions[client]?.send(
        .with {
          $0.evaluate = .with {
            $0.round = UInt64(round)
            $0.test = isTest(round)
          }
        })
    }
    startTimer(.evaluation, seconds: options.evaluationSeconds) {
      .evaluationDeadline(round: round)
    }
  }

  /// Before and after training the test rows are meant, where a site has any.
  func isTest(_ round: Int) -> Bool {
    round == 0 || round == blueprint.configuration.rounds
      || blueprint.configuration.evaluate.split == .test
  }

  func finishEvaluation(round: Int) {
    stopTimer(.evaluation)
    let present = evaluations.filter { !$0.value.absent && $0.value.examples > 0 }
    let figures = present.sorted { $0.key < $1.key }
      .map { (name: sites[$0.key].name, figures: Evaluation.Figures($0.value)) }
    evaluations = [:]
    guard var evaluation = Evaluation(pooling: figures) else { return }
    evaluation.perSegment = pooledSegments(present)
    segmentTables[round] = evaluation.perSegment
    do {
      try store.record(evaluation, round: round, split: isTest(round) ? "test" : "validation")
    } catch {
      warn("the evaluation after round \(round) is not stored: \(error)")
    }
    audit?.note(
      entry(
        .runEvaluated, round: round,
        digest: Hexadecimal.digest(of: Array(evaluation.json.serialized.utf8)),
        ["sites": .integer(evaluation.perClient.count)]))
    resultWriter.append(evaluation, round: round)
    for alarm in driftAlarms(evaluationsByRound) where alarm.round == round { warn(alarm.text) }
    observer(.evaluated(run: name, evaluation, round: round))
  }
}

extension Evaluation.Figures {
  fileprivate init(_ message: Zorba_V1_Evaluation) {
    self.init(
      accuracy: message.accuracy.isFinite ? message.accuracy : nil,
      macroF1: message.macroF1.isFinite ? message.macroF1 : nil, loss: message.loss,
      examples: Int(message.examples))
  }
}

extension Evaluation {
  /// Sites' figures pooled by their rows; macro-F1 is the mean of the sites'. Nil without any.
  init?(pooling sites: [(name: String, figures: Figures)]) {
    let rows = sites.reduce(0) { $0 + $1.figures.examples }
    guard rows > 0 else { return nil }
    func mean(_ value: (Figures) -> Double?) -> Double? {
      var sum = 0.0
      for site in sites {
        guard let value = value(site.figures) else { return nil }
        sum += value * Double(site.figures.examples)
      }
      return sum / Double(rows)
    }
    guard let loss = mean(\.loss) else { return nil }
    self.init(
      overall: Figures(
        accuracy: mean(\.accuracy), macroF1: mean(\.macroF1), loss: loss, examples: rows),
      perClient: sites)
  }
}
