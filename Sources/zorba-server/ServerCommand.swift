import ArgumentParser
import Logging
import Synchronization
import ZorBA
import ZorBAConfiguration
import ZorBAConsole
import ZorBACoordinator
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBALogging
import ZorBAReport
import ZorBAStore
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct ServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server", abstract: "Coordinate runs over a network.",
    discussion: """
      Holds no training data. Sites dial in over mutual TLS; a run begins when its sites are there \
      and goes on by itself after whatever breaks. Stop it with Ctrl-C and start it again with the \
      same command: it goes on where it was. It ends when all its runs have ended, unless --stay.

      With --replica it keeps a copy of the weights that follows the rounds: it then knows what they \
      hash to, measures them on the files under 'data' of the run file, and, with --snapshot-every, \
      keeps the newest two snapshots, which --serve-models hands out to sites that are far behind.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(
    help: ArgumentHelp("Run files; the name of a run is that of its file.", valueName: "run.yaml"))
  var runFiles: [String] = []

  @Option(help: "The coordinator's identity folder, as 'zorba pki init' made it.")
  var identity: String

  @Option(
    help: """
      The authority's folder: revocations, and the key that renews certificates. Without it give \
      --revoked.
      """)
  var authority: String?

  @Option(help: "A copy of the authority's register, where the authority is kept elsewhere.")
  var revoked: String?

  @Option(help: "Address and port to listen on.")
  var listen = "0.0.0.0:7443"

  @Option(help: "The folder of the coordinator's store and log.")
  var state = "coordinator"

  @Option(
    help: """
      A YAML file with the roles of operators and the approvals that every run needs. Without it \
      every operator may start, steer and approve runs.
      """)
  var access: String?

  @Flag(help: "Hand out base models to sites that have none.")
  var serveModels = false

  @Option(help: "MiB a second for all downloads together; 0 sets no limit.")
  var downloadMib = 0.0

  @Flag(help: "Keep a replica of the model of every run; its model must be a checkpoint.")
  var replica = false

  @Option(help: "Rounds between snapshots of the replica; 0 makes none.")
  var snapshotEvery = 0

  @Flag(help: "Stay when all runs have ended, for runs that operators start.")
  var stay = false

  @Flag(
    help: """
      Put a damaged store aside and begin a new one. Journals are not touched; figures of past \
      rounds are lost.
      """)
  var rebuild = false

  @Option(help: "Override a key of every run file: key.path=value. May be repeated.")
  var set: [String] = []

  @Option(help: "Least severe messages in the log: trace, debug, info, notice, warning, error.")
  var logLevel = "info"

  func validate() throws {
    guard authority != nil || revoked != nil else {
      throw ValidationError("Give --authority FOLDER, or --revoked FILE.")
    }
    guard !runFiles.isEmpty || stay else {
      throw ValidationError("Give a RUN.yaml, or --stay to wait for runs that operators start.")
    }
    guard downloadMib >= 0, downloadMib.isFinite else {
      throw ValidationError("--download-mib \(downloadMib): use a number from 0 on.")
    }
    guard snapshotEvery >= 0, replica || snapshotEvery == 0 else {
      throw ValidationError(
        "--snapshot-every \(snapshotEvery): use a number from 0 on, with --replica.")
    }
    guard Logger.Level(rawValue: logLevel) != nil else {
      throw ValidationError(
        "--log-level \(logLevel): use trace, debug, info, notice, warning or error.")
    }
    guard ListenAddress(listen) != nil else {
      throw ValidationError("--listen \(listen): use an address and a port, such as 0.0.0.0:7443.")
    }
  }

  func run() async throws {
    let runs = try runFiles.map { path in
      (name: Self.name(of: path), run: try RunFile.read(path: path, overrides: set))
    }
    Interruption.listen()
    let service = try CoordinatorService(self)
    try await service.run(runs)
  }

  /// `runs/a.yaml` is run `a`.
  private static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
    return String(file[..<dot])
  }
}

/// Where a server listens.
struct ListenAddress {
  let host: String
  let port: Int

  /// `host:port`, an IPv6 host in brackets.
  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"),
      let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port)
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    self.host = String(host)
    self.port = port
  }
}
