import ZorBADiagnostics
import ZorBAJournal
import ZorBASitePolicy
import ZorBAWire

@testable import ZorBASite

/// A site's agent that runs.
final class AgentUnderTest: Sendable {
  let agent: SiteAgent
  let notices = NoticeLog<AgentNotice>()
  private let running: Task<AgentOutcome, any Error>

  init(_ configuration: SiteConfiguration, change: (inout SiteAgent.Options) -> Void) {
    var options = SiteAgent.Options()
    options.threads = 1
    options.jitterSeed = 1
    let notices = notices
    options.observer = { notices.append($0) }
    change(&options)
    let agent = SiteAgent(configuration, options: options)
    self.agent = agent
    running = Task { try await agent.run() }
  }

  deinit { running.cancel() }

  /// How it ended; the test's time limit ends a wait that is in vain.
  var outcome: AgentOutcome {
    get async throws {
      try await withTaskCancellationHandler {
        try await running.value
      } onCancel: {
        running.cancel()
      }
    }
  }

  /// The error it ended with.
  var failure: ZorBAError? {
    get async throws {
      do {
        _ = try await outcome
        return nil
      } catch let error as ZorBAError {
        return error
      }
    }
  }

  /// Ends it as at Ctrl-C.
  func end() async throws {
    agent.interrupt("the test wants it")
    _ = try? await outcome
    try Task.checkCancellation()
  }

  /// Ends it as if its process were killed: no word to the coordinator.
  func kill() async throws {
    running.cancel()
    _ = try? await running.value
    // The file is let go of with the last thread that works on it.
    let copy = "\(agent.configuration.state)/run.zorba"
    try await until {
      guard exists(copy) else { return true }
      do {
        _ = try JournalWriter.resume(at: copy)
        return true
      } catch let error as ZorBAError {
        return error.code != .refused
      }
    }
  }

  /// Waits until it has applied a round.
  func applied(_ round: Int, after start: Int = 0) async throws {
    try await notices.first(after: start) { notice in
      if case .applied(let applied, _) = notice, applied >= round { true } else { nil }
    }
  }

  var warnings: [String] {
    notices.all.compactMap { if case .warning(let text) = $0 { text } else { nil } }
  }
}
