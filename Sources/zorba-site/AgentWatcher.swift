import Synchronization
import ZorBAConsole
import ZorBASite

/// Shows an agent while it works.
final class AgentWatcher: Sendable {
  private let isQuiet: Bool
  private let progress = Mutex<ProgressLine?>(nil)

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func observe(_ notice: AgentNotice) {
    switch notice {
    case .connected(let coordinator): say("Connected to \(coordinator).")
    case .disconnected(let reason, let seconds):
      say("Not connected: \(reason). Trying again in \(NumberFormat.fixed(seconds, 1)) s.")
    case .joined(let run, let round, let rounds):
      say("Taking part in '\(run)', which stands at round \(round) of \(rounds).")
    case .catchingUp(let what): say("Bringing \(what) up to date.")
    case .downloading(let file, let done, let total):
      if done == 0 || done == total {
        say(
          "\(file): \(NumberFormat.bytes(Int(clamping: done))) of "
            + "\(NumberFormat.bytes(Int(clamping: total)))")
      }
    case .answered(let round, let rounds, let loss, let bytes, let seconds):
      progress.withLock { line in
        if line == nil { line = ProgressLine(label: "round", total: rounds, isQuiet: isQuiet) }
        line?.update(
          done: round,
          detail: "\(NumberFormat.roundLoss(loss))  sent \(bytes) B  computed "
            + "\(NumberFormat.fixed(seconds, 2)) s")
      }
    case .applied: break
    case .renewed: say("The certificate was renewed.")
    case .refused(let sentence): say("Refused: \(sentence)")
    case .warning(let text): say("warning: \(text)")
    case .paused(let reason): say("The run stands still: \(reason)")
    }
  }

  func finish() { progress.withLock { $0?.finish() } }

  private func say(_ text: String) {
    guard !isQuiet else { return }
    progress.withLock { line in
      line?.clear()
      Console.error(text + "\n")
    }
  }
}
