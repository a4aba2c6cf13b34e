import Foundation
import ZorBA
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON

/// The demonstration as organisations would run it: a certificate authority, a coordinator and four
/// site agents, each a process of its own, over mutual TLS on this machine.
struct NetworkedDemo {
  private let run: RunConfiguration
  private let resources: String
  private let common: CommonOptions
  /// Absolute.
  private let folder: String

  init(_ run: RunConfiguration, resources: String, common: CommonOptions) {
    var run = run
    let out = run.out
    folder = out.hasPrefix("/") ? out : FileManager.default.currentDirectoryPath + "/" + out
    run.out = folder + "/run"
    run.federation.sites = DemoRecipe.sites
    // Whoever runs the coordinator knows the labels, not the messages.
    run.task.labels = DemoRecipe.labels.map { ($0, $0) }
    self.run = run
    self.resources = resources
    self.common = common
  }

  /// - Throws: `ZorBAError`; with code `interrupted` when it was stopped early.
  func present() throws {
    for program in SiblingProgram.allCases
    where !FileManager.default.isExecutableFile(atPath: program.path) {
      throw ZorBAError(
        .inputOutput, "is missing", at: .init(file: program.path),
        advice: "Build everything with 'swift build -c release', then call .build/release/zorba.")
    }
    Interruption.listen()
    try removeEarlierDemo()
    common.say("Making a certificate authority, and an identity for each site.")
    try makeIdentities()
    try writeFiles()
    let processes = try start()
    defer { for process in processes.all { process.end() } }
    try follow(processes)
    try conclude()
  }

  /// Only a folder whose marker says that a demo made it is taken away.
  private func removeEarlierDemo() throws {
    let files = FileManager.default
    guard files.fileExists(atPath: folder) else { return }
    guard files.fileExists(atPath: marker) else {
      throw ZorBAError(
        .invalidConfiguration, "the folder is there already and no demo made it",
        at: .init(file: folder), advice: "Choose another one with --out.")
    }
    do {
      try files.removeItem(atPath: folder)
    } catch {
      throw ZorBAError(
        .inputOutput, "the earlier demo cannot be removed", at: .init(file: folder), cause: error)
    }
  }

  private var marker: String { folder + "/.zorba-demo" }

  private func makeIdentities() throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw ZorBAError(
        .inputOutput, "the folder cannot be made", at: .init(file: folder),
        advice: "Choose another one with --out.", cause: error)
    }
    try RunFolder.write("A demonstration made this folder.\n", to: marker)
    let pki = ["pki"]
    try tool(pki + ["init", "--federation", "demo", "--out", folder + "/pki"])
    for site in DemoRecipe.sites {
      let identity = "\(folder)/\(site)/identity"
      let answer = try tool(
        pki + ["request", "--federation", "demo", "--site", site, "--out", identity, "--json"])
      guard
        let fingerprint = try JSONParser.parse(Array(answer.utf8))["fingerprint"]?.string
      else {
        throw ZorBAError(.inputOutput, "'zorba pki request' printed no fingerprint")
      }
      try tool(
        pki + [
          "approve", identity + "/request.pem", "--authority", folder + "/pki", "--fingerprint",
          fingerprint, "--out", "\(folder)/\(site)/chain.pem",
        ])
      try tool(pki + ["install", "\(folder)/\(site)/chain.pem", "--identity", identity])
    }
  }

  private func writeFiles() throws {
    var coordinated = run
    // The coordinator has none of these files.
    coordinated.data = DataFiles(train: [], validation: nil, test: nil)
    try RunFolder.write(coordinated.yamlText, to: folder + "/demo.yaml")
    for site in DemoRecipe.sites {
      let text = """
        coordinator: "127.0.0.1:\(Self.portMark)"
        identity: identity
        model: \(quoted("\(resources)/model"))
        data: {train: \(quoted("\(resources)/demo/\(site).jsonl")), test: \(quoted("\(resources)/demo/test.jsonl"))}
        state: state
        policy: policy.yaml
        threads: 1

        """
      try RunFolder.write(text, to: "\(folder)/\(site)/site.yaml")
      try RunFolder.write(Self.policy, to: "\(folder)/\(site)/policy.yaml")
    }
  }

  private static let portMark = "7443"

  /// JSON strings are YAML strings.
  private func quoted(_ text: String) -> String { JSONValue.string(text).serialized }

  private struct Processes {
    var coordinator: DemoProcess
    var sites: [DemoProcess]
    var all: [DemoProcess] { sites + [coordinator] }
  }

  private func start() throws -> Processes {
    let coordinator = try DemoProcess(
      SiblingProgram.server.path,
      [
        "server", folder + "/demo.yaml", "--identity", folder + "/pki/coordinator", "--authority",
        folder + "/pki", "--state", folder + "/coordinator", "--listen", "127.0.0.1:0",
      ], log: folder + "/coordinator.log")
    do {
      let port = try coordinator.port()
      common.say("A coordinator listens on 127.0.0.1:\(port); four site agents dial in.")
      let sites = try DemoRecipe.sites.map { site in
        try DemoProcess(
          SiblingProgram.site.path,
          [
            "client", "\(folder)/\(site)/site.yaml", "--set", "coordinator=127.0.0.1:\(port)",
          ], log: "\(folder)/\(site).log")
      }
      return Processes(coordinator: coordinator, sites: sites)
    } catch {
      coordinator.end()
      throw error
    }
  }

  /// Shows rounds until all processes have ended.
  private func follow(_ processes: Processes) throws {
    var progress = ProgressLine(label: "round", total: run.rounds, isQuiet: common.quiet)
    defer { progress.finish() }
    let metrics = RunFolder(path: run.out).metrics
    while processes.all.contains(where: \.isRunning) {
      if Interruption.isRequested {
        throw ZorBAError(
          .interrupted, "the demonstration was stopped", advice: "Run it again; it starts anew.")
      }
      if let failed = processes.all.first(where: { !$0.isRunning && $0.status != 0 }) {
        throw ZorBAError(
          .inputOutput, "a process of the demonstration ended with \(failed.status)",
          at: .init(file: failed.log), advice: failed.lastWords)
      }
      if let line = LastLine(of: metrics)?.json, let round = line["round"]?.integer,
        let loss = line["loss"]?.double
      {
        progress.update(done: round, detail: "loss \(NumberFormat.fixed(loss, 4))")
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
  }

  private func conclude() throws {
    let journal = RunFolder(path: run.out).journal
    let own = FileManager.default.contents(atPath: journal)
    for site in DemoRecipe.sites
    where FileManager.default.contents(atPath: "\(folder)/\(site)/state/run.zorba") != own {
      throw ZorBAError(
        .invalidJournal, "differs from the coordinator's journal",
        at: .init(file: "\(folder)/\(site)/state/run.zorba"))
    }
    let result = RunFolder(path: run.out).result
    guard let data = FileManager.default.contents(atPath: result),
      let text = String(validating: data, as: UTF8.self)
    else { throw ZorBAError(.inputOutput, "is missing", at: .init(file: result)) }
    if common.json {
      Console.output(text)
    } else {
      Console.output(
        try String(contentsOfFile: folder + "/coordinator.out", encoding: .utf8))
    }
    common.say(
      """
      All four sites hold the same journal, byte for byte, and so the same weights.
      What left a site, message by message: \(folder)/bank/state/sent.jsonl
      What each site allows: zorba client \(folder)/bank/site.yaml --explain-policy
      """)
  }

  @discardableResult
  private func tool(_ arguments: [String]) throws -> String {
    try DemoProcess.output(of: SiblingProgram.server.path, arguments)
  }

  /// What each site of the demonstration allows.
  private static let policy = """
    # What this site allows, whatever a coordinator asks for.
    federation: demo
    runs: {names: [demo], specifications: any}
    base_models: any
    tasks: [classification]
    templates: ["{text} Topic: {label}"]
    columns: any
    blocks: {maximum: any, forbidden: [0]}
    local_steps: {maximum: 1}
    directions: {maximum: 8}
    batch: {minimum: 8}
    rounds: {maximum: any, maximum_per_day: 10000}
    hours: any
    payload_bytes_per_round: 1024
    payload_bytes_per_day: 1000000
    evaluation: {allowed: true, minimum_examples: 20}
    share: {losses: true, timings: true, peak_memory: true, example_count: exact}
    privacy:
      secure_aggregation: optional
      differential_privacy: {required: false, epsilon_maximum: any}
      minimum_cohort: 2

    """
}
