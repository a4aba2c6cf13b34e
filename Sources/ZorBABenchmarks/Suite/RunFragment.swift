package import ZorBAConfiguration
package import ZorBAJSON

/// Part of a run file: sections and keys that later fragments add to or replace.
package struct RunFragment: Sendable, Equatable {
  /// The keys, in the order in which they were first set.
  package private(set) var value: JSONValue = .object(JSONObject())

  /// Nothing at all.
  package init() {}

  package init(_ value: JSONValue) { if value.object != nil { self.value = value } }

  /// The keys of a section as the file has them.
  ///
  /// Whatever could be told apart as text stays text below `task` and `data`, where `1.50` may be a
  /// label; elsewhere a text that reads as a number is one.
  package init(_ node: ConfigurationNode) {
    guard case .mapping(let members) = node.content else { return }
    value = Self.object(
      members.map { ($0.key, Self.json($0.value, isText: ["task", "data"].contains($0.key))) })
  }

  /// These keys, with those of another fragment in their place where it has them.
  ///
  /// Sections are joined key by key, but for a partition, whose kinds have different keys. What is
  /// null in the other fragment goes back to its default.
  package func merging(_ other: RunFragment) -> RunFragment {
    RunFragment(Self.merged(value, other.value))
  }

  /// The value at a path; nil when there is none.
  package subscript(path: String...) -> JSONValue? {
    var found: JSONValue? = value
    for key in path { found = found?[key] }
    return found
  }

  /// The same with the value at a path replaced.
  package func setting(_ path: [String], to value: JSONValue) -> RunFragment {
    guard let key = path.first else { return self }
    let below =
      path.count == 1
      ? value
      : RunFragment(self.value[key] ?? .null).setting(Array(path.dropFirst()), to: value).value
    var members = (self.value.object?.members ?? []).map { ($0.key, $0.value) }
    if let place = members.firstIndex(where: { $0.0 == key }) {
      members[place].1 = below
    } else {
      members.append((key, below))
    }
    return RunFragment(Self.object(members))
  }

  private static func merged(_ base: JSONValue, _ other: JSONValue) -> JSONValue {
    guard let left = base.object, let right = other.object else { return other }
    var members: [(String, JSONValue)] = left.members.compactMap { member in
      guard let change = right[member.key] else { return (member.key, member.value) }
      if change.isNull { return nil }
      return (
        member.key, member.key == "partition" ? change : merged(member.value, change)
      )
    }
    for member in right.members where left[member.key] == nil && !member.value.isNull {
      members.append((member.key, member.value))
    }
    return object(members)
  }

  /// Keys are distinct: they come from sections, which have every key once.
  static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    var object = JSONObject()
    for (key, value) in members { _ = object.append(.init(key: key, value: value)) }
    return .object(object)
  }

  private static func json(_ node: ConfigurationNode, isText: Bool) -> JSONValue {
    switch node.content {
    case .mapping(let members):
      object(members.map { ($0.key, json($0.value, isText: isText)) })
    case .sequence(let items): .array(items.map { json($0, isText: isText) })
    case .scalar(let text, let quoted): scalar(text, quoted: quoted, isText: isText)
    }
  }

  private static func scalar(_ text: String, quoted: Bool, isText: Bool) -> JSONValue {
    if quoted { return .string(text) }
    switch text {
    case "", "~", "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default: break
    }
    if let whole = Int(text), "\(whole)" == text { return .integer(whole) }
    let reads = text.utf8.allSatisfy { "0123456789.eE+-".utf8.contains($0) }
    if !isText, reads, let number = Double(text), number.isFinite { return .number(number) }
    return .string(text)
  }
}
