import ArgumentParser
import SwiftProtobuf
import ZorBAConsole
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBAReport
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct AdminCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admin", abstract: "Watch and steer a coordinator's runs.",
    subcommands: [
      Status.self, Sites.self, Start.self, Pause.self, Resume.self, Stop.self, RollBack.self,
      Branch.self, Readmit.self, Approve.self,
    ], defaultSubcommand: Status.self)
}

/// Where the coordinator is, and who asks.
struct OperatorOptions: ParsableArguments {
  @OptionGroup var common: CommonOptions

  @Option(help: "The coordinator's address and port.")
  var coordinator = "127.0.0.1:7443"

  @Option(help: "The operator's identity folder.")
  var identity: String

  func validate() throws {
    guard ListenAddress(coordinator) != nil else {
      throw ValidationError("--coordinator \(coordinator): use an address and a port.")
    }
  }

  /// Connects, asks, and prints the answer.
  func ask(
    _ body: @Sendable (WireConnection) async throws -> (text: String, json: JSONValue)
  ) async throws {
    let address = ListenAddress(coordinator)
    let identity = identity
    let client = WireClient(host: address?.host ?? "", port: address?.port ?? 0) {
      try ConnectionSecurity(of: IdentityFolder(identity).load(), admits: [.coordinator])
    }
    let answer = try await client.withConnection { connection in
      let answer = try await body(connection)
      return (answer.text, answer.json.serialized)
    }
    Console.output(common.json ? answer.1 + "\n" : answer.0)
  }
}

extension AdminCommand {
  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All runs, and where they stand.")
    @OptionGroup var options: OperatorOptions

    func run() async throws {
      try await options.ask { connection in
        let runs = try await connection.listRuns(.init()).runs
        return (RunTable.text(runs), ["runs": .array(runs.map(RunTable.json))])
      }
    }
  }

  struct Sites: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The sites of a run, or of all runs.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run.") var name: String?

    func run() async throws {
      let name = name ?? ""
      try await options.ask { connection in
        let sites = try await connection.listSites(.with { $0.run = name }).sites
        return (SiteTable.text(sites), ["sites": .array(sites.map(SiteTable.json))])
      }
    }
  }

  struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start a run on the coordinator; paths in the file are the coordinator's.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run's YAML file, on this machine.") var runFile: String
    @Option(help: "The run's name; that of the file by default.") var name: String?

    func run() async throws {
      guard let data = FileManager.default.contents(atPath: runFile),
        let text = String(validating: data, as: UTF8.self)
      else {
        throw ZorBAError(
          .invalidConfiguration, "cannot be read", at: .init(file: runFile),
          advice: "Give the path of a run file.")
      }
      let file = runFile.split(separator: "/").last.map(String.init) ?? runFile
      let name = name ?? String(file.prefix { $0 != "." })
      try await options.ask { connection in
        let run = try await connection.startRun(
          .with {
            $0.name = name
            $0.runFile = text
          }
        ).run
        return (RunTable.text([run]), RunTable.json(run))
      }
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a run stand still after the round under way.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run.") var name: String
    @Option(help: "Why, for the log and the sites.") var reason = ""

    func run() async throws { try await options.control(name, .pause, reason) }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a paused run go on.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run.") var name: String

    func run() async throws { try await options.control(name, .resume, "") }
  }

  struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a run for good after the round under way; its journal is closed.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run.") var name: String
    @Option(help: "Why, for the log and the sites.") var reason = ""

    func run() async throws { try await options.control(name, .stop, reason) }
  }

  struct RollBack: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rollback",
      abstract: "Go back to an earlier round; the journal so far is kept beside the new one.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run.") var name: String
    @Option(help: "The round to go back to.") var to: UInt64

    func run() async throws {
      let (name, round) = (name, to)
      try await options.ask { connection in
        let run = try await connection.rollBackRun(
          .with {
            $0.run = name
            $0.round = round
          }
        ).run
        return (RunTable.text([run]), RunTable.json(run))
      }
    }
  }

  struct Branch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start another run from an earlier round of this one.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run to branch from.") var name: String
    @Option(help: "The last round that both share.") var at: UInt64
    @Option(help: "The new run's name.") var to: String
    @Option(help: "Override a key: key.path=value. May be repeated.") var set: [String] = []

    func run() async throws {
      let (name, round, target, overrides) = (name, at, to, set)
      try await options.ask { connection in
        let run = try await connection.branchRun(
          .with {
            $0.run = name
            $0.round = round
            $0.name = target
            $0.overrides = overrides
          }
        ).run
        return (RunTable.text([run]), RunTable.json(run))
      }
    }
  }

  struct Readmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a quarantined site come again.")
    @OptionGroup var options: OperatorOptions
    @Argument(help: "The run.") var name: String
    @Argument(help: "The site.") var site: String

    func run() async throws {
      let (name, site) = (name, site)
      try await options.ask { connection in
        _ = try await connection.readmitSite(
          .with {
            $0.run = name
            $0.site = site
          })
        return ("\(site) may come again.\n", ["run": .string(name), "site": .string(site)])
      }
    }
  }
}

extension OperatorOptions {
  func control(
    _ name: String, _ action: Zorba_V1_ControlRunRequest.Action, _ reason: String
  ) async throws {
    try await ask { connection in
      let run = try await connection.controlRun(
        .with {
          $0.run = name
          $0.action = action
          $0.reason = reason
        }
      ).run
      return (RunTable.text([run]), RunTable.json(run))
    }
  }
}
