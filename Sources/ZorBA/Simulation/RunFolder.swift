import ZorBACheckpoint
import ZorBADiagnostics
package import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The folder of a run and the files it leaves there.
///
///     run.yaml       the resolved configuration        metrics.jsonl  a line a round or evaluation
///     run.zorba      the journal                       log.jsonl      what happened, with times
///     result.json    the outcome                       report.html    the outcome as a page
///     plan.json      the first plan, if one was planned
///     privacy.json  what was spent of a promise of privacy, site by site
///     sensitivity.json  what a probe found, if there was one
///     server-0.state, server-1.state  what the coordinator of FedAdam remembers between rounds
public struct RunFolder: Sendable {
  /// The folder as the user wrote it.
  public let path: String

  /// Names the folder; nothing is touched.
  public init(path: String) { self.path = path }

  /// The resolved configuration.
  public var configuration: String { "\(path)/run.yaml" }
  /// The journal.
  public var journal: String { "\(path)/run.zorba" }
  /// A line a round or evaluation.
  public var metrics: String { "\(path)/metrics.jsonl" }
  /// The outcome.
  public var result: String { "\(path)/result.json" }
  /// The outcome as a page.
  public var report: String { "\(path)/report.html" }
  /// The first plan and what was said of it.
  public var plan: String { "\(path)/plan.json" }
  /// What a probe found.
  public var sensitivity: String { "\(path)/sensitivity.json" }
  /// What happened, with times.
  public var log: String { "\(path)/log.jsonl" }

  /// Makes the folder for a new run.
  ///
  /// - Parameter text: What `run.yaml` will hold. A different one may be what somebody wrote by hand
  ///   and is not replaced.
  /// - Throws: `ZorBAError` when it holds a run already or cannot be made.
  public func prepareForNewRun(configuration text: String) throws {
    if FileManager.default.fileExists(atPath: journal) {
      throw ZorBAError(
        .invalidConfiguration, "the folder holds a run already", at: .init(file: path),
        advice: "Continue it with --resume \(path), or let 'out' name another folder.")
    }
    if let found = FileManager.default.contents(atPath: configuration), found != Data(text.utf8) {
      throw ZorBAError(
        .invalidConfiguration, "is there already and would be replaced",
        at: .init(file: configuration),
        advice: "Let 'out' name another folder, or take this file away.")
    }
    do {
      // What a run leaves tells of the data it was trained on.
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder cannot be made", at: .init(file: path),
        advice: "Check the permissions, or let 'out' name another folder.", cause: error)
    }
  }

  /// Replaces a file as a whole: readers see the old text or the new one, never half of it. It is for
  /// its owner alone.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  public static func write(_ text: String, to path: String) throws {
    try write(text, to: path, audience: .owner)
  }

  /// Replaces a file as a whole.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput`.
  static func write(_ text: String, to path: String, audience: FileAudience) throws {
    let file = try AtomicFile(path: path, audience: audience)
    try file.append(text)
    try file.commit()
  }

  /// Reads `metrics.jsonl` up to a round and cuts off what lies behind it.
  ///
  /// A crash can leave a torn last line, and lines of a round that was never committed; both go.
  package func reclaimMetrics(upTo round: Int) throws -> [JSONValue] {
    guard let data = FileManager.default.contents(atPath: metrics) else { return [] }
    var kept: [JSONValue] = []
    var text = ""
    for line in data.split(separator: UInt8(ascii: "\n")) {
      guard let value = try? JSONParser.parse(line, file: metrics),
        let number = value["round"]?.integer, number <= round
      else { break }
      kept.append(value)
      text += value.serialized + "\n"
    }
    try Self.write(text, to: metrics)
    return kept
  }
}
