import ZorBAConfiguration
import ZorBADiagnostics

/// What `${name}` stands for in a suite: what `variables` says, and `${bundle}`.
struct SuiteVariables {
  private var values: [String: String]
  /// Variables that the suite names without a value, with the lines they stand on.
  private var missing: [String: Int?]

  /// - Parameter settle: Makes a value from the command line hold from anywhere.
  /// - Throws: `ZorBAError` with code `invalidConfiguration`.
  init(
    of node: ConfigurationNode, file: String, bundle: String, settle: (String) -> String
  ) throws {
    values = ["bundle": bundle]
    missing = [:]
    guard case .mapping(let members) = node.content,
      let section = members.first(where: { $0.key == "variables" })
    else { return }
    let variables = try ConfigurationSection(section.value, file: file, path: "variables")
    for key in variables.presentKeys {
      try BenchmarkSuite.requireName(key, variables, key)
      guard key != "bundle" else {
        throw variables.failure(
          key, "is what ships with the program", advice: "Choose another name.")
      }
      let line = variables.node(key)?.line
      if let value = try variables.text(key) {
        values[key] = line == nil ? settle(value) : value
      } else {
        missing[key] = line
      }
    }
  }

  /// Puts values in the place of names, everywhere but in `variables`.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming a variable that has no value.
  func substitute(in node: inout ConfigurationNode, file: String) throws {
    guard case .mapping(var members) = node.content else { return }
    for index in members.indices where members[index].key != "variables" {
      try replace(in: &members[index].value, file: file, line: nil)
    }
    node.content = .mapping(members)
  }

  private func replace(in node: inout ConfigurationNode, file: String, line: Int?) throws {
    let line = node.line ?? line
    switch node.content {
    case .scalar(let text, let quoted):
      guard text.contains("${") else { return }
      node.content = .scalar(try expanded(text, file: file, line: line), quoted: quoted)
    case .sequence(var items):
      for index in items.indices { try replace(in: &items[index], file: file, line: line) }
      node.content = .sequence(items)
    case .mapping(var members):
      for index in members.indices {
        try replace(in: &members[index].value, file: file, line: line)
      }
      node.content = .mapping(members)
    }
  }

  private func expanded(_ text: String, file: String, line: Int?) throws -> String {
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstRange(of: "${") {
      result += rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      guard let end = rest.firstIndex(of: "}") else {
        throw ZorBAError(
          .invalidConfiguration, "'\(text.excerpt())' opens a variable and does not close it",
          at: .init(file: file, line: line), advice: "Write ${name}.")
      }
      let name = String(rest[..<end])
      guard let value = values[name] else {
        let isNamed = missing.keys.contains(name)
        throw ZorBAError(
          .invalidConfiguration,
          isNamed
            ? "the suite needs a value for '\(name)'"
            : "there is no variable '\(name.excerpt())'",
          at: .init(file: file, line: line),
          advice: isNamed
            ? "Give it: --set variables.\(name)=…"
            : "Known: \((Array(values.keys) + Array(missing.keys)).sorted().joined(separator: ", "))."
        )
      }
      result += value
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}
