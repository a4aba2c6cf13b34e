package import Logging
package import ZorBA
import ZorBAAudit
import ZorBADiagnostics
package import ZorBAStore
import ZorBATensor
import ZorBAWire

/// The coordinator of a federation: its runs, by name, and who may take part in them.
package actor Coordinator {
  /// How a coordinator works.
  package struct Options: Sendable {
    /// How runs are treated.
    package var runs = RunHost.Options()
    /// Whether sites may download base models.
    package var servesModels = false
    /// Bytes a second for all downloads together; 0 sets no limit.
    package var downloadBytesPerSecond = 0.0
    /// Who may do what.
    package var access = AccessFile(path: nil)
    /// Told what runs do.
    package var observer: @Sendable (RunNotice) -> Void = { _ in }

    package init() {}
  }

  package nonisolated let federation: String
  nonisolated let options: Options
  nonisolated let log: Logger
  nonisolated let throttle: Throttle
  let store: CoordinatorStore
  var hosts: [String: RunHost] = [:]
  /// Runs that wait for approval, by name.
  var requests: [String: RunRequest] = [:]
  private var libraries: [String: ModelLibrary] = [:]
  private var cards: [String: ModelCard] = [:]
  private var nextSession: UInt64 = 1

  package init(federation: String, store: CoordinatorStore, log: Logger, options: Options) {
    self.federation = federation
    self.store = store
    self.log = log
    self.options = options
    throttle = Throttle(bytesPerSecond: options.downloadBytesPerSecond)
  }

  /// Takes up a run, or starts it.
  ///
  /// - Parameters:
  ///   - branch: Where it goes on from another run; nil looks for that in the run's request.
  ///   - actor: Who asks.
  ///   - because: Why it goes in the clear, where that is known already.
  /// - Throws: `ZorBAError` when it is open already or cannot be opened.
  @discardableResult
  package func open(
    _ configuration: RunConfiguration, named name: String, branch: StoredRequest.Branch? = nil,
    by actor: String = AuditEntry.local, clearBecause because: String? = nil
  ) throws -> RunHost {
    try checkFree(name)
    var blueprint = try blueprint(of: configuration, named: name)
    try checkApproved(blueprint)
    blueprint.clearBecause = because ?? blueprint.clearBecause
    let folder = RunFolder(path: configuration.out)
    let request = try store.request(of: name)
    if let branch = branch ?? request?.branch {
      try take(branch, of: blueprint, into: folder, by: request?.requestedBy ?? actor)
    }
    var options = options.runs
    options.federation = federation
    options.approvals = try approvals(of: name)
    // What people approved is not changed behind their backs.
    if blueprint.isProvisional, try store.request(of: name) == nil {
      options.goesClear = { [weak self] reason in
        Task { [weak self] in await self?.goClear(name, configuration, because: reason) }
      }
    }
    let host = try RunHost(
      blueprint, folder: folder, store: store, log: log, options: options,
      observer: self.options.observer)
    hosts[name] = host
    Task {
      await host.tellSecrecy()
      await host.startReplica()
      await host.completeResult()
    }
    return host
  }

  /// Where acts are recorded; nil keeps no log.
  nonisolated var audit: AuditTrail? { options.runs.audit }

  /// - Throws: `ZorBAError` when a new run cannot be called so.
  func checkFree(_ name: String) throws {
    try RunNames.check(name)
    guard hosts[name] == nil else {
      throw ZorBAError(
        .invalidConfiguration, "there is a run '\(name)' already",
        advice: "Give the new run another name.")
    }
  }

  /// The run with whatever its file leaves to the coordinator decided: what is approved is what runs.
  func blueprint(of configuration: RunConfiguration, named name: String) throws -> RunBlueprint {
    let card = try card(for: configuration)
    let choice = try SecureAggregationChoice(
      configuration, card: card, folder: RunFolder(path: configuration.out))
    var blueprint = try RunBlueprint(
      name: name, configuration: choice.configuration, card: card)
    blueprint.clearBecause = choice.clearBecause
    blueprint.isProvisional = choice.isProvisional
    return blueprint
  }

  /// The run of this name.
  ///
  /// - Throws: `ZorBAError` naming the runs there are.
  package func run(named name: String) throws -> RunHost {
    guard let host = hosts[name] else {
      throw ZorBAError(
        .invalidConfiguration, "there is no run '\(name)'",
        advice: hosts.isEmpty
          ? "Start one with 'zorba admin start'."
          : "The runs are \(hosts.keys.sorted().prefix(20).joined(separator: ", ")).")
    }
    return host
  }

  /// All runs, by name.
  package var runs: [RunHost] { hosts.sorted { $0.key < $1.key }.map(\.value) }

  /// The run that a site takes part in: the one it names, or the one open run that lists it.
  ///
  /// - Throws: `ZorBAError` with code `refused` when there is none, or more than one.
  func run(named name: String, for site: String) async throws -> RunHost {
    if !name.isEmpty {
      guard let host = hosts[name], host.blueprint.clients[site] != nil else {
        throw ZorBAError(
          .refused, "there is no run '\(name)' that lists the site '\(site)'",
          advice: "Check 'run' in the site's file, or ask the operator.")
      }
      return host
    }
    var open: [RunHost] = []
    for host in runs where host.blueprint.clients[site] != nil {
      if await !host.state.isFinal { open.append(host) }
    }
    guard open.count <= 1 else {
      throw ZorBAError(
        .refused, "\(open.count) runs list the site '\(site)'",
        advice: "Name one as 'run' in the site's file: \(open.map(\.name).joined(separator: ", "))."
      )
    }
    if let host = open.first ?? runs.last(where: { $0.blueprint.clients[site] != nil }) {
      return host
    }
    throw ZorBAError(
      .refused, "no run lists the site '\(site)'",
      advice: "Ask the operator to list it under federation.sites.")
  }

  func newSession() -> UInt64 {
    defer { nextSession += 1 }
    return nextSession
  }

  /// The files of a run's base model, or of a snapshot.
  ///
  /// - Parameter snapshot: The snapshot; nil is the base model.
  /// - Throws: `ZorBAError` with code `refused` when this coordinator hands out no models.
  func library(of host: RunHost, snapshot: RunSnapshot? = nil) throws -> ModelLibrary {
    guard options.servesModels else {
      throw ZorBAError(
        .refused, "this coordinator hands out no models",
        advice: "Copy the checkpoint to the site and name it as 'model' in the site's file.")
    }
    if let snapshot { return snapshot.library }
    let folder = host.blueprint.configuration.model
    if let known = libraries[folder] { return known }
    let library = try ModelLibrary(folder: folder)
    libraries[folder] = library
    return library
  }

  /// Loading a model to hash it takes a while, so it is done once a model and precision.
  private func card(for configuration: RunConfiguration) throws -> ModelCard {
    // The head of an encoder adds its own tensors.
    let task = configuration.task
    let head =
      task.head.map { "\($0.rawValue) \(task.labels.map { "\($0.value)=\($0.word)" })" } ?? ""
    let key = "\(configuration.precision.rawValue) \(configuration.model) \(head)"
    if let known = cards[key] { return known }
    let card = try ZorBAError.whenMissing(.invalidModel) {
      configuration.model.hasSuffix(".json")
        ? try ModelCard(path: configuration.model)
        : try ModelCard(
          ofCheckpoint: configuration.model, precision: configuration.precision,
          task: task, context: ComputeContext(precision: configuration.compute),
          budget: MemoryBudget(configuration))
    }
    cards[key] = card
    return card
  }

  /// Ends the streams of a site whose certificate is no longer good.
  package func endStreams(of site: String, because text: String) async {
    for host in runs { await host.endStreams(of: site, text) }
  }

  /// Tells all sites to come again later.
  package func shutDown() async {
    for host in runs { await host.endStreams(.again, "the coordinator goes down") }
  }
}
