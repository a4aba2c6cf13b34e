import Logging
import ZorBADiagnostics
import ZorBALogging
import ZorBASite
import ZorBASitePolicy

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What an agent did, as lines of JSON in its state folder.
struct AgentLog: Sendable {
  private let log: Logger

  init(folder: String, level: SiteConfiguration.LogLevel) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder cannot be made", at: .init(file: folder),
        advice: "Check the permissions, or let 'state' name another folder.", cause: error)
    }
    let sink = try LineSink(path: "\(folder)/log.jsonl")
    let level = Logger.Level(rawValue: level.rawValue) ?? .info
    log = Logger(label: "zorba.site") { _ in LineLogHandler(file: sink, level: level) }
  }

  func write(_ notice: AgentNotice) {
    switch notice {
    case .connected(let coordinator):
      log.info("connected", metadata: ["coordinator": "\(coordinator)"])
    case .disconnected(let reason, let seconds):
      log.notice(
        "disconnected", metadata: ["reason": "\(reason)", "retry_seconds": "\(seconds)"])
    case .joined(let run, let round, let rounds):
      log.notice(
        "joined", metadata: ["run": "\(run)", "round": "\(round)", "rounds": "\(rounds)"])
    case .catchingUp(let what): log.info("catching_up", metadata: ["what": "\(what)"])
    case .downloading(let file, let done, let total):
      log.debug(
        "downloading", metadata: ["file": "\(file)", "done": "\(done)", "total": "\(total)"])
    case .answered(let round, _, let loss, let bytes, let seconds):
      log.info(
        "answered",
        metadata: [
          "round": "\(round)", "loss": "\(loss)", "bytes": "\(bytes)", "seconds": "\(seconds)",
        ])
    case .applied(let round, _): log.debug("applied", metadata: ["round": "\(round)"])
    case .renewed: log.notice("renewed")
    case .refused(let sentence): log.warning("refused", metadata: ["why": "\(sentence)"])
    case .warning(let text): log.warning("warning", metadata: ["text": "\(text)"])
    case .paused(let reason): log.notice("paused", metadata: ["reason": "\(reason)"])
    }
  }
}
