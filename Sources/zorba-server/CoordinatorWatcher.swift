import Synchronization
import ZorBA
import ZorBAConsole
import ZorBACoordinator

/// Shows runs while they go: a progress line each, and what people should know.
final class CoordinatorWatcher: Sendable {
  private let isQuiet: Bool
  private let lines = Mutex<[String: ProgressLine]>([:])

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func observe(_ notice: RunNotice) {
    switch notice {
    case .committed(let run, let metrics, let rounds):
      lines.withLock { lines in
        var line = lines[run] ?? ProgressLine(label: run, total: rounds, isQuiet: isQuiet)
        line.update(
          done: metrics.round,
          detail: "\(NumberFormat.roundLoss(metrics.loss))  sites \(metrics.clients.count)")
        lines[run] = line
      }
    case .evaluated(let run, let evaluation, let round):
      let figures = evaluation.overall
      let accuracy = figures.accuracy.map { "accuracy \(NumberFormat.percent($0)), " } ?? ""
      let when = round == 0 ? "before training" : "after round \(round)"
      say(
        "\(run), \(when): \(accuracy)loss \(NumberFormat.fixed(figures.loss, 4)) on "
          + "\(figures.examples) rows of \(evaluation.perClient.count) sites")
    case .measured(let run, let evaluation, let round):
      let figures = evaluation.overall
      let accuracy = figures.accuracy.map { "accuracy \(NumberFormat.percent($0)), " } ?? ""
      say(
        "\(run), after round \(round): \(accuracy)loss \(NumberFormat.fixed(figures.loss, 4)) on "
          + "\(figures.examples) rows of the coordinator's")
    case .state(let run, let state):
      guard state.kind != .running || !state.reason.isEmpty else { return }
      say("\(run): \(state.kind.rawValue)\(state.reason.isEmpty ? "" : ": \(state.reason)")")
    case .clear(let run, let because): say("\(run): secure aggregation is off: \(because)")
    case .warning(let run, let text): say("\(run): warning: \(text)")
    }
  }

  func say(_ text: String) {
    guard !isQuiet else { return }
    lines.withLock { lines in
      for line in lines.values { line.clear() }
      Console.error(text + "\n")
    }
  }

  func finish() {
    lines.withLock { lines in
      for line in lines.values { line.finish() }
    }
  }
}
