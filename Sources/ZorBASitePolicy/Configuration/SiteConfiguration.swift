/// Everything that defines a site agent: the contents of `SITE.yaml`, validated.
///
/// Paths are resolved against the folder of the file. What a coordinator may ask for is not here
/// but in the policy.
package struct SiteConfiguration: Sendable, Equatable {
  /// Where the base model comes from.
  package enum Model: Sendable, Equatable {
    /// A checkpoint folder of the site's own.
    case folder(String)
    /// The coordinator's files, kept in the state folder.
    case download
  }

  /// Whether weights may come from a snapshot of the coordinator's instead of the base model and the
  /// journal.
  package enum Snapshots: String, Sendable, CaseIterable {
    /// Where that is faster.
    case auto
    case never
    /// Wherever there is one.
    case always
  }

  /// The site's own data files.
  package struct Rows: Sendable, Equatable {
    package var train: String
    package var validation: String?
    package var test: String?
  }

  /// How long to wait before another connection: it doubles from the first to the longest.
  package struct Reconnection: Sendable, Equatable {
    package var firstSeconds = 1.0
    package var longestSeconds = 60.0
  }

  /// Where the messages that left are written down.
  package struct SentLogFile: Sendable, Equatable {
    package var path: String
    /// MiB kept in all; half of it a file.
    package var keepMiB = 64
  }

  /// The least severe messages that are logged.
  package enum LogLevel: String, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }

  /// The name that the site's certificate must carry; nil takes whatever it carries.
  package var name: String?
  package var coordinator: CoordinatorAddress
  /// The folder with key and certificates.
  package var identity: String
  package var model: Model
  package var snapshots = Snapshots.auto
  package var data: Rows
  /// The folder of the journal's copy, the ledger, logs and a downloaded model.
  package var state: String
  /// The policy file; without it the site refuses every run.
  package var policy: String
  /// The run to take part in; nil asks for the one that lists this site.
  package var run: String?
  /// Threads for arithmetic; nil takes the processor's.
  package var threads: Int?
  /// Resident memory of the process in MiB; 0 sets no limit.
  package var memoryMiB = 0
  /// A file with the site's measured memory and time.
  package var calibration: String?
  package var logLevel = LogLevel.info
  package var reconnect = Reconnection()
  package var sentLog: SentLogFile
}
