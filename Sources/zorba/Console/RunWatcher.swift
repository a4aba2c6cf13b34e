import ZorBA
import ZorBAConsole

/// Shows a run while it goes.
final class RunWatcher {
  private let isQuiet: Bool
  private var progress: ProgressLine?
  private var probe: ProgressLine?
  private var aloneDone: [String: ProgressLine] = [:]

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
  }

  func observe(_ event: RunEvent) {
    switch event {
    case .prepared(let summary): say(summary)
    case .resumed(let round): say("Resumed after round \(round).")
    case .committed(let metrics, let rounds):
      if progress == nil {
        progress = ProgressLine(label: "round", total: rounds, isQuiet: isQuiet)
      }
      progress?.update(
        done: metrics.round,
        detail: metrics.epsilon.map { "epsilon \(NumberFormat.fixed($0, 3))" }
          ?? "loss \(NumberFormat.fixed(metrics.loss, 4))")
    case .evaluated(let evaluation, let round): say(Self.line(evaluation, round: round))
    case .probing(let done, let total):
      if probe == nil { probe = ProgressLine(label: "probe", total: total, isQuiet: isQuiet) }
      probe?.update(done: done, detail: "sensitivities of blocks")
      if done == total { probe?.finish() }
    case .evaluating(let done, let total):
      if Console.isInteractive, !isQuiet {
        Console.error("\r\u{1B}[Kevaluating \(done)/\(total)\(done == total ? "\r\u{1B}[K" : "")")
      }
    case .trainedAlone(let client, let round, let rounds, let loss):
      progress?.finish()
      progress = nil
      if aloneDone[client] == nil {
        aloneDone[client] = ProgressLine(
          label: "\(client) alone", total: rounds, isQuiet: isQuiet)
      }
      aloneDone[client]?.update(done: round, detail: "loss \(NumberFormat.fixed(loss, 4))")
      if round == rounds { aloneDone[client]?.finish() }
    case .warning(let text): say("warning: \(text)")
    }
  }

  func finish() { progress?.finish() }

  private func say(_ text: String) {
    guard !isQuiet else { return }
    progress?.clear()
    Console.error(text.hasSuffix("\n") ? text : text + "\n")
  }

  private static func line(_ evaluation: Evaluation, round: Int) -> String {
    let figures = evaluation.overall
    let when = round == 0 ? "before training" : "after round \(round)"
    let accuracy = figures.accuracy.map { "accuracy \(NumberFormat.percent($0)), " } ?? ""
    return
      "\(when): \(accuracy)loss \(NumberFormat.fixed(figures.loss, 4)) on \(figures.examples) rows"
  }
}
