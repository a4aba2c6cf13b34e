package import ZorBADiagnostics

/// Reads one section of a configuration, key by key, and refuses what nobody asked for.
package final class ConfigurationSection {
  package let file: String
  package let path: String
  private let line: Int?
  private let members: [(key: String, value: ConfigurationNode)]
  private var known: [String] = []

  package init(_ node: ConfigurationNode?, file: String, path: String) throws {
    self.file = file
    self.path = path
    self.line = node?.line
    switch node?.content {
    case nil: members = []
    case .mapping(let members): self.members = members
    case .scalar(let text, quoted: false) where text.isEmpty || text == "null" || text == "~":
      members = []
    default:
      throw ZorBAError(
        .invalidConfiguration, "expected a section with keys, found \(node?.kind ?? "nothing")",
        at: .init(file: file, line: node?.line, field: path))
    }
  }

  package func key(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  package func node(_ name: String) -> ConfigurationNode? {
    known.append(name)
    return members.first { $0.key == name }?.value
  }

  /// Keys that are there, in file order.
  package var presentKeys: [String] { members.map(\.key) }

  package func failure(_ name: String, _ message: String, advice: String? = nil) -> ZorBAError {
    let line = members.first { $0.key == name }?.value.line ?? line
    return ZorBAError(
      .invalidConfiguration, message, at: .init(file: file, line: line, field: key(name)),
      advice: advice)
  }

  package func section(_ name: String) throws -> ConfigurationSection {
    try ConfigurationSection(node(name), file: file, path: key(name))
  }

  package func text(_ name: String) throws -> String? {
    guard let node = node(name) else { return nil }
    guard case .scalar(let text, let quoted) = node.content else {
      throw failure(name, "expected text, found \(node.kind)")
    }
    return !quoted && (text == "null" || text == "~" || text.isEmpty) ? nil : text
  }

  package func integer(_ name: String, in range: ClosedRange<Int>, default value: Int) throws -> Int
  {
    guard let text = try text(name) else { return value }
    guard let number = Int(text) else {
      throw failure(name, "'\(text)' is not a whole number", advice: "Use \(describe(range)).")
    }
    guard range.contains(number) else {
      throw failure(name, "\(number) is out of range", advice: "Use \(describe(range)).")
    }
    return number
  }

  private func describe(_ range: ClosedRange<Int>) -> String {
    range.upperBound == Int.max
      ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
  }

  package func unsigned(_ name: String, default value: UInt64) throws -> UInt64 {
    guard let text = try text(name) else { return value }
    guard let number = UInt64(text) else {
      throw failure(
        name, "'\(text)' is not a whole number", advice: "Use 0 to 18446744073709551615.")
    }
    return number
  }

  /// A finite number for which `accepts` holds; `rule` says so in words.
  package func number(
    _ name: String, rule: String, default value: Double, accepts: (Double) -> Bool
  ) throws -> Double {
    guard let text = try text(name) else { return value }
    return try parse(text, name: name, rule: rule, accepts: accepts)
  }

  /// One number or a list of numbers.
  package func numbers(
    _ name: String, rule: String, default value: [Double], accepts: (Double) -> Bool
  ) throws -> [Double] {
    guard let node = node(name) else { return value }
    guard case .sequence(let items) = node.content else {
      return [try number(name, rule: rule, default: value.first ?? 0, accepts: accepts)]
    }
    return try items.map { item in
      guard case .scalar(let text, _) = item.content else {
        throw failure(name, "expected a list of numbers, found \(item.kind) in it")
      }
      return try parse(text, name: name, rule: rule, accepts: accepts)
    }
  }

  private func parse(
    _ text: String, name: String, rule: String, accepts: (Double) -> Bool
  ) throws -> Double {
    guard let number = Double(text), number.isFinite, accepts(number) else {
      throw failure(name, "'\(text)' cannot be used", advice: "Use \(rule).")
    }
    return number
  }

  package func flag(_ name: String, default value: Bool) throws -> Bool {
    guard let text = try text(name) else { return value }
    switch text.lowercased() {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default: throw failure(name, "'\(text)' is neither true nor false")
    }
  }

  package func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, default value: Value
  ) throws -> Value where Value.RawValue == String {
    guard let text = try text(name) else { return value }
    guard let choice = Value(rawValue: text) else {
      throw failure(
        name, "'\(text)' is not known",
        advice: "Use one of: \(Value.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return choice
  }

  package func texts(_ name: String) throws -> [String]? {
    guard let node = node(name) else { return nil }
    guard case .sequence(let items) = node.content else { return try text(name).map { [$0] } }
    return try items.map { item in
      guard case .scalar(let text, _) = item.content else {
        throw failure(name, "expected a list of texts, found \(item.kind) in it")
      }
      return text
    }
  }

  /// Text values by key, in file order.
  package func table(_ name: String) throws -> [(key: String, value: String)]? {
    guard let node = node(name) else { return nil }
    guard case .mapping(let members) = node.content else {
      throw failure(name, "expected a section of 'name: text', found \(node.kind)")
    }
    return try members.map { member in
      guard case .scalar(let text, _) = member.value.content else {
        throw failure(name, "'\(member.key)' is \(member.value.kind), not text")
      }
      return (member.key, text)
    }
  }

  /// Refuses keys that were never asked for.
  ///
  /// - Throws: `ZorBAError` naming the key, its line and the nearest known key.
  package func finish() throws {
    guard let stray = members.first(where: { !known.contains($0.key) }) else { return }
    let near = known.min { stray.key.editDistance(to: $0) < stray.key.editDistance(to: $1) }
    let close = near.flatMap { stray.key.editDistance(to: $0) <= 3 ? $0 : nil }
    throw ZorBAError(
      .invalidConfiguration, "unknown key",
      at: .init(file: file, line: stray.value.line, field: key(stray.key)),
      advice: close.map { "Did you mean '\(key($0))'?" }
        ?? "Known keys here: \(known.sorted().joined(separator: ", ")).")
  }
}

extension String {
  /// Levenshtein distance, for suggesting the key that was meant.
  fileprivate func editDistance(to other: String) -> Int {
    let target = Array(other.unicodeScalars.prefix(64))
    var row = Array(0...target.count)
    for (i, scalar) in unicodeScalars.prefix(64).enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, wanted) in target.enumerated() {
        let substituted = diagonal + (scalar == wanted ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = Swift.min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[target.count]
  }
}
