import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAJSON

extension SuiteMethod {
  /// The methods of a suite: names of presets, or a section of names with changes.
  static func all(_ root: ConfigurationSection) throws -> [SuiteMethod] {
    guard let node = root.node("methods") else { return [] }
    switch node.content {
    case .sequence:
      let names = try root.texts("methods") ?? []
      guard Set(names).count == names.count else {
        throw root.failure("methods", "lists a method twice", advice: "List each once.")
      }
      return try names.map { name in
        let preset = try preset(name, root, "methods")
        return SuiteMethod(
          name: name, title: preset.title, preset: preset, regimes: preset.regimes)
      }
    case .mapping(let members):
      let methods = try root.section("methods")
      return try members.map { name, _ in
        try BenchmarkSuite.requireName(name, methods, name)
        return try SuiteMethod(name: name, methods.section(name), in: methods)
      }
    case .scalar:
      throw root.failure("methods", "expected a list of methods, found \(node.kind)")
    }
  }

  private init(
    name: String, _ section: ConfigurationSection, in methods: ConfigurationSection
  ) throws {
    let wanted = try section.text("preset") ?? name
    let preset =
      section.presentKeys.contains("preset")
      ? try Self.preset(wanted, section, "preset") : try Self.preset(wanted, methods, name)
    self.init(
      name: name, title: try section.text("title") ?? (wanted == name ? preset.title : name),
      preset: preset, regimes: try BenchmarkSuite.regimes(section) ?? preset.regimes)
    changes = try SuiteTask.fragment(section.section("run"), of: section.node("run"))
    try section.finish()
  }

  private static func preset(
    _ name: String, _ section: ConfigurationSection, _ key: String
  ) throws -> MethodPreset {
    guard let preset = MethodPreset.known.first(where: { $0.name == name }) else {
      throw section.failure(
        key, "'\(name.excerpt())' is not a method that is known",
        advice: "Use: \(MethodPreset.known.map(\.name).joined(separator: ", ")); or a name of your "
          + "own with 'preset'.")
    }
    return preset
  }
}

extension SuiteTask {
  /// The sections and keys that a task or a change of a method can have. What is in them is for the
  /// run to judge.
  static let runKeys = [
    "model", "data", "task", "federation", "method", "batch", "rounds", "blocks", "evaluate",
    "precision", "guard", "memory", "adapter",
  ]

  /// The tasks of a suite.
  static func all(
    _ root: ConfigurationSection, methods: [String], base: String
  ) throws -> [SuiteTask] {
    guard let node = root.node("tasks") else { return [] }
    guard case .mapping(let members) = node.content else {
      throw root.failure(
        "tasks", "expected a section of tasks, found \(node.kind)",
        advice: "For example: tasks: {sst2: {model: …, data: …}}")
    }
    let tasks = try root.section("tasks")
    return try members.map { name, node in
      try BenchmarkSuite.requireName(name, tasks, name)
      let section = try tasks.section(name)
      var task = SuiteTask(
        name: name, title: try section.text("title") ?? name, run: RunFragment())
      for key in ["model", "data"] where section.node(key) == nil {
        throw section.failure(key, "is missing", advice: "Every task needs a model and data.")
      }
      let changes = try section.section("methods")
      for method in changes.presentKeys {
        guard methods.contains(method) else {
          throw changes.failure(
            method, "is not a method of this suite",
            advice: "It has: \(methods.joined(separator: ", ")).")
        }
        task.changes[method] = try fragment(changes.section(method), of: changes.node(method))
      }
      task.run = try fragment(section, of: node, besides: ["title", "methods"])
        .settled(base: base)
      return task
    }
  }

  /// A fragment of a run file, its keys checked.
  static func fragment(
    _ section: ConfigurationSection, of node: ConfigurationNode?, besides others: [String] = []
  ) throws -> RunFragment {
    for key in runKeys { _ = section.node(key) }
    try section.finish()
    guard var kept = node, case .mapping(let members) = kept.content else { return RunFragment() }
    kept.content = .mapping(members.filter { !others.contains($0.key) })
    return RunFragment(kept)
  }
}

extension RunFragment {
  /// The same with its paths taken from a folder.
  func settled(base: String) -> RunFragment {
    func path(_ text: String) -> String { text.hasPrefix("/") ? text : base + text }
    var settled = self
    if let model = self["model"]?.string {
      settled = settled.setting(["model"], to: .string(path(model)))
    }
    for split in ["train", "validation", "test"] {
      switch self["data", split] {
      case .string(let file):
        settled = settled.setting(["data", split], to: .string(path(file)))
      case .array(let files):
        settled = settled.setting(
          ["data", split], to: .array(files.map { $0.string.map { .string(path($0)) } ?? $0 }))
      default: break
      }
    }
    return settled
  }
}
