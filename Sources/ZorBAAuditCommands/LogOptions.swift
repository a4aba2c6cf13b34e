import ArgumentParser
import ZorBAAudit
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Which log is meant.
struct LogArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The log: an audit.jsonl, or a copy of one.", valueName: "log"))
  var log: String

  /// Its files, the oldest first.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when there is none.
  var files: [String] {
    get throws {
      let files = LogFiles(log).all
      guard !files.isEmpty else {
        throw ZorBAError(
          .invalidConfiguration, "there is no audit log", at: .init(file: log),
          advice: "A coordinator's and a site's is audit.jsonl in its state folder.")
      }
      return files
    }
  }
}

/// What a log is held against.
struct TrustOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file with anchors of this log, one a line, kept elsewhere. May be repeated.",
      valueName: "file"))
  var anchor: [String] = []

  @Option(
    help: ArgumentHelp(
      "The federation's authority.pem, to prove who kept the log.", valueName: "file"))
  var authority: String?

  var anchors: [AuditAnchor] {
    get throws { try anchor.flatMap(Self.anchors) }
  }

  var trusted: TrustAnchor? {
    get throws {
      try ZorBAError.whenMissing(.invalidConfiguration) {
        try authority.map { try TrustAnchor(file: $0) }
      }
    }
  }

  private static func anchors(in path: String) throws -> [AuditAnchor] {
    guard let data = FileManager.default.contents(atPath: path), data.count <= 16 << 20 else {
      throw ZorBAError(
        .invalidConfiguration, "cannot be read", at: .init(file: path),
        advice: "Give a file that 'zorba audit anchor' wrote.")
    }
    let lines = data.split(separator: UInt8(ascii: "\n"))
    return try lines.enumerated().map {
      try AuditAnchor(parsing: Array($0.element), file: path, line: $0.offset + 1)
    }
  }
}
