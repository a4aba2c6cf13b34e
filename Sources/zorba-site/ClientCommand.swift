import ArgumentParser
import Logging
import Synchronization
import ZorBAAudit
import ZorBAAuditIdentity
import ZorBAConsole
import ZorBADiagnostics
import ZorBAIdentity
import ZorBAJSON
import ZorBALogging
import ZorBASite
import ZorBASitePolicy
import ZorBAWire

struct ClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client", abstract: "Take part in a run as a site.",
    discussion: """
      Dials out to the coordinator, follows the run, and answers it within the site's own policy. \
      Every byte that leaves is written to the state folder's sent.jsonl first. Ctrl-C takes the \
      site out cleanly; the same command takes part again.
      """)

  @OptionGroup var common: CommonOptions

  @Argument(help: ArgumentHelp("The site's YAML file.", valueName: "site.yaml"))
  var siteFile: String

  @Option(help: "Override a key of the file: key.path=value. May be repeated.")
  var set: [String] = []

  @Flag(help: "Say in sentences what the site's policy allows, and end.")
  var explainPolicy = false

  @Flag(
    help: "Show what would leave the site in a round of --run, computed here, and send nothing.")
  var dryRun = false

  @Option(name: .customLong("run"), help: "With --dry-run: the run's YAML file.")
  var runFile: String?

  func validate() throws {
    guard dryRun == (runFile != nil) else {
      throw ValidationError("Use --dry-run together with --run RUN.yaml.")
    }
  }

  func run() async throws {
    let configuration = try SiteConfiguration.read(path: siteFile, overrides: set)
    if explainPolicy {
      let policy = try SitePolicy.read(path: configuration.policy)
      return Console.output(PolicyExplanation(policy).text + "\n")
    }
    if let runFile {
      return try DryRun(configuration, runFile: runFile, threads: common.threads)
        .present(asJSON: common.json)
    }
    try await follow(configuration)
  }

  private func follow(_ configuration: SiteConfiguration) async throws {
    Interruption.listen()
    let watcher = AgentWatcher(isQuiet: common.quiet)
    let log = try AgentLog(folder: configuration.state, level: configuration.logLevel)
    var options = SiteAgent.Options()
    options.threads = common.threads
    let audit = try AuditTrail(
      path: "\(configuration.state)/audit.jsonl",
      keeper: IdentityKeeper(IdentityFolder(configuration.identity).load()))
    try audit.record(
      AuditEntry(
        .serviceStarted, by: audit.keeper, detail: ["software": .string(Software.description)]))
    options.audit = audit
    options.observer = { notice in
      watcher.observe(notice)
      log.write(notice)
      audit.note(notice)
    }
    defer { audit.note(AuditEntry(.serviceStopped, by: audit.keeper)) }
    let agent = SiteAgent(configuration, options: options)
    let interruption = Task {
      while !Interruption.isRequested {
        guard (try? await Task.sleep(for: .milliseconds(100))) != nil else { return }
      }
      agent.interrupt("the site's operator ended the agent")
    }
    defer { interruption.cancel() }
    let outcome: AgentOutcome
    do {
      defer { watcher.finish() }
      outcome = try await agent.run()
    } catch {
      log.write(.warning("\(error)"))
      throw error
    }
    try conclude(outcome)
  }

  private func conclude(_ outcome: AgentOutcome) throws {
    let object: JSONValue
    switch outcome {
    case .finished(let run, let round, let digest):
      common.say("\(run) is over after round \(round); the weights' digest is \(digest).")
      object = [
        "outcome": "finished", "run": .string(run), "round": .integer(round),
        "state_digest": .string(digest),
      ]
    case .stopped(let reason):
      common.say("The run was ended: \(reason)")
      object = ["outcome": "stopped", "reason": .string(reason)]
    case .interrupted:
      throw ZorBAError(
        .interrupted, "the agent was ended before the run",
        advice: "Start it again with the same command; it goes on where it was.")
    }
    if common.json { Console.output(object.serialized + "\n") }
  }
}
