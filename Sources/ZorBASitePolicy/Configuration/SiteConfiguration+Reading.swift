import ZorBA
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAFiles

extension SiteConfiguration {
  /// Reads `SITE.yaml` and makes sure that the policy it names is there.
  ///
  /// - Parameters:
  ///   - path: The YAML file; relative paths inside it are taken from its folder.
  ///   - overrides: `key.path=value` texts that replace what the file says.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming file, line and key.
  package static func read(path: String, overrides: [String] = []) throws -> SiteConfiguration {
    let settings = try SettingsText(path: path)
    let site = try parse(
      settings.text, file: path, overrides: overrides, base: settings.base)
    do {
      _ = try PrivateFile(path: site.policy, for: .reading, advice: .site)
    } catch {
      throw ZorBAError(
        .invalidConfiguration, "the policy '\(site.policy.excerpt())' cannot be read",
        at: .init(file: path, field: "policy"),
        advice: "Write one, see docs/site-policy.md; a site without a policy refuses every run.",
        cause: error)
    }
    return site
  }

  /// Reads a site from YAML text; `base` goes before relative paths.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming line and key.
  package static func parse(
    _ text: String, file: String, overrides: [String] = [], base: String = ""
  ) throws -> SiteConfiguration {
    try SettingsText.checkNotEmpty(
      text, file: file, advice: "It needs coordinator, identity, data and state.")
    var node = try ConfigurationNode(parsing: text, file: file)
    for override in overrides { try node.apply(override: override) }
    return try SiteConfiguration(ConfigurationSection(node, file: file, path: ""), base: base)
  }

  private init(_ root: ConfigurationSection, base: String) throws {
    func resolved(_ path: String) -> String { path.hasPrefix("/") ? path : base + path }

    name = try root.text("name")
    if let name, !Self.isName(name) {
      throw root.failure(
        "name", "'\(name.excerpt())' is no name of a site",
        advice: "Use 1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit.")
    }
    let address = try root.present("coordinator", advice: "Give host:port.")
    guard let coordinator = CoordinatorAddress(address) else {
      throw root.failure(
        "coordinator", "'\(address.excerpt())' is not host:port",
        advice: "For example: coordinator.example.org:7443, or [2001:db8::1]:7443.")
    }
    self.coordinator = coordinator
    identity = resolved(
      try root.present("identity", advice: "Give the folder that zorba pki request made."))
    model = try Self.model(root, resolved: resolved)
    snapshots = try root.choice("snapshots", default: snapshots)
    data = try Rows(root.section("data"), resolved: resolved)
    let state = resolved(
      try root.present("state", advice: "Give a folder of this site's own; it need not exist."))
    self.state = state
    policy = resolved(try root.text("policy") ?? "policy.yaml")
    run = try root.text("run")
    threads =
      try root.text("threads") == nil
      ? nil : root.integer("threads", in: 1...1024, default: 1)
    memoryMiB = try root.integer(
      "memory_mib", in: 0...MemoryConfiguration.largestBudgetMiB, default: 0)
    calibration = try root.text("calibration").map(resolved)
    logLevel = try root.choice("log_level", default: logLevel)
    reconnect = try Reconnection(root.section("reconnect"))
    let sent = try root.section("sent_log")
    sentLog = SentLogFile(
      path: try sent.text("file").map(resolved)
        ?? (state.hasSuffix("/") ? state : state + "/") + "sent.jsonl",
      keepMiB: try sent.integer("keep_mib", in: 1...1_048_576, default: 64))
    try sent.finish()
    try root.finish()
  }

  private static func isName(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
    return (1...63).contains(bytes.count) && bytes.first.map(isAlphanumeric) == true
      && bytes.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
  }

  private static func model(
    _ root: ConfigurationSection, resolved: (String) -> String
  ) throws -> Model {
    let folder = try root.text("model")
    switch (folder, try root.flag("download_model", default: false)) {
    case (let folder?, false): return .folder(resolved(folder))
    case (nil, true): return .download
    case (.some, true):
      throw root.failure(
        "download_model", "stands beside model",
        advice: "Keep model to use the site's own checkpoint, or download_model to fetch it.")
    case (nil, false):
      throw root.failure(
        "model", "is missing",
        advice: "Give the folder of the base checkpoint, or set download_model to true.")
    }
  }
}

extension SiteConfiguration.Rows {
  fileprivate init(_ section: ConfigurationSection, resolved: (String) -> String) throws {
    train = resolved(
      try section.present(
        "train", advice: "Give a .jsonl, .csv, .tsv or .txt file of training rows."))
    validation = try section.text("validation").map(resolved)
    test = try section.text("test").map(resolved)
    try section.finish()
  }
}

extension SiteConfiguration.Reconnection {
  fileprivate init(_ section: ConfigurationSection) throws {
    self.init()
    let rule = "seconds from 0.1 to 86400"
    firstSeconds = try section.number("first_seconds", rule: rule, default: firstSeconds) {
      (0.1...86_400).contains($0)
    }
    longestSeconds = try section.number(
      "longest_seconds", rule: rule, default: max(longestSeconds, firstSeconds)
    ) { (0.1...86_400).contains($0) }
    guard firstSeconds <= longestSeconds else {
      throw section.failure(
        "longest_seconds", "\(longestSeconds) is less than first_seconds, \(firstSeconds)",
        advice: "Raise it, or lower first_seconds.")
    }
    try section.finish()
  }
}

extension ConfigurationSection {
  /// A text that has no default.
  fileprivate func present(_ name: String, advice: String) throws -> String {
    guard let text = try text(name), !text.isEmpty else {
      throw failure(name, "is missing", advice: advice)
    }
    return text
  }
}
