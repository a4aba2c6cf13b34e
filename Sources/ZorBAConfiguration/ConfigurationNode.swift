import Yams
import ZorBADiagnostics

/// A YAML value with the place it was read from.
package struct ConfigurationNode {
  package indirect enum Content {
    case scalar(String, quoted: Bool)
    case sequence([ConfigurationNode])
    case mapping([(key: String, value: ConfigurationNode)])
  }

  package var content: Content
  /// The line the value starts on; nil for `--set`.
  package var line: Int?

  /// What kind of value it is, for error messages.
  package var kind: String {
    switch content {
    case .scalar(let text, _): "'\(text)'"
    case .sequence: "a list"
    case .mapping: "a section"
    }
  }
}

extension ConfigurationNode {
  private static let maximumDepth = 32
  private static let maximumNodes = 100_000

  /// Parses YAML text.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming the file and line: malformed
  ///   YAML, a repeated key, a key that is not text, or nesting and aliases without bound.
  package init(parsing text: String, file: String) throws {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw Self.failure(error, file: file)
    } catch {
      throw ZorBAError(
        .invalidConfiguration, "not valid YAML", at: .init(file: file), cause: error)
    }
    guard let node else {
      throw ZorBAError(
        .invalidConfiguration, "the file is empty", at: .init(file: file),
        advice: "It needs at least the keys 'model' and 'data'; see the README.")
    }
    var budget = Self.maximumNodes
    self = try Self.convert(node, file: file, depth: 0, budget: &budget)
  }

  private static func failure(_ error: YamlError, file: String) -> ZorBAError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return ZorBAError(
        .invalidConfiguration, "not valid YAML: \(problem)",
        at: .init(file: file, line: mark.line), advice: "Check the indentation and the quotes.")
    case .duplicatedKeysInMapping(let duplicates, let context):
      return ZorBAError(
        .invalidConfiguration,
        "the same key appears twice: \(duplicates.joined(separator: ", "))",
        at: .init(file: file, line: context.mark.line), advice: "Keep one of them.")
    default:
      return ZorBAError(.invalidConfiguration, "not valid YAML: \(error)", at: .init(file: file))
    }
  }

  private static func convert(
    _ node: Node, file: String, depth: Int, budget: inout Int
  ) throws -> ConfigurationNode {
    let line = node.mark?.line
    budget -= 1
    guard depth <= maximumDepth, budget > 0 else {
      throw ZorBAError(
        .invalidConfiguration, "the file is nested too deeply or repeats aliases without bound",
        at: .init(file: file, line: line))
    }
    switch node {
    case .scalar(let scalar):
      return ConfigurationNode(
        content: .scalar(scalar.string, quoted: scalar.style != .plain && scalar.style != .any),
        line: line)
    case .sequence(let sequence):
      var items: [ConfigurationNode] = []
      for item in sequence {
        items.append(try convert(item, file: file, depth: depth + 1, budget: &budget))
      }
      return ConfigurationNode(content: .sequence(items), line: line)
    case .mapping(let mapping):
      var members: [(key: String, value: ConfigurationNode)] = []
      for (key, value) in mapping {
        guard let name = key.string else {
          throw ZorBAError(
            .invalidConfiguration, "a key that is not text",
            at: .init(file: file, line: key.mark?.line))
        }
        members.append(
          (name, try convert(value, file: file, depth: depth + 1, budget: &budget)))
      }
      return ConfigurationNode(content: .mapping(members), line: line)
    case .alias:
      throw ZorBAError(
        .invalidConfiguration, "an alias to something that is not defined",
        at: .init(file: file, line: line))
    }
  }
}

extension ConfigurationNode {
  /// Replaces or adds the value at a dotted path, as `--set key.path=value` does.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when the path runs through a value that
  ///   is not a section.
  mutating func set(_ path: [String], to value: ConfigurationNode, flag: String) throws {
    guard let key = path.first else {
      self = value
      return
    }
    if case .scalar(let text, quoted: false) = content, ["", "null", "~"].contains(text) {
      content = .mapping([])
    }
    guard case .mapping(var members) = content else {
      throw ZorBAError(
        .invalidConfiguration, "'\(key)' lies inside \(kind), which is not a section",
        at: .init(field: "--set \(flag)"))
    }
    if let index = members.firstIndex(where: { $0.key == key }) {
      try members[index].value.set(Array(path.dropFirst()), to: value, flag: flag)
    } else {
      var child = ConfigurationNode(content: .mapping([]), line: nil)
      try child.set(Array(path.dropFirst()), to: value, flag: flag)
      members.append((key, child))
    }
    content = .mapping(members)
  }

  /// Applies one `key.path=value`; a value that begins with `[` is a YAML list, any other is text,
  /// so that templates with braces and colons need no second layer of quotes.
  package mutating func apply(override text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ZorBAError(
        .invalidConfiguration, "'\(text)' is not of the form key.path=value",
        at: .init(field: "--set"), advice: "For example: --set method.learning_rate=1e-5")
    }
    let path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false)
    let source = String(text[text.index(after: equals)...])
    var value =
      source.hasPrefix("[")
      ? try ConfigurationNode(parsing: source, file: "--set \(text)")
      : ConfigurationNode(content: .scalar(source, quoted: false), line: nil)
    value.line = nil
    try set(path.map(String.init), to: value, flag: text)
  }
}
