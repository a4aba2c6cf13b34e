package import ArgumentParser
package import ZorBADiagnostics

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The exit codes of the command line.
package enum ExitStatus: Int32 {
  case done = 0
  case failed = 1
  case usage = 2
  case badInput = 3
  case refused = 4
  case resumable = 5
  /// An audit log or an evidence pack's records are broken.
  case brokenLog = 6

  /// The code that an error ends the process with.
  package init(_ error: ZorBAError) {
    switch error.code {
    case .invalidConfiguration: self = .usage
    case .invalidData, .invalidModel, .unsupportedModel, .invalidJournal: self = .badInput
    case .refused: self = .refused
    case .interrupted: self = .resumable
    default: self = .failed
    }
  }

  /// The code for an error that is not ours: what ArgumentParser found, or the system's own.
  package init(_ code: ExitCode) {
    self = code.isSuccess ? .done : code == .validationFailure ? .usage : .failed
  }
}

extension ParsableCommand {
  package static func exit(withStatus status: ExitStatus) -> Never { endProcess(status.rawValue) }
}

/// `ParsableCommand` has an `exit` of its own.
private func endProcess(_ code: Int32) -> Never { exit(code) }
