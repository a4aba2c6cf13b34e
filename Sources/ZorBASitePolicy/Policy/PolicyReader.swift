import ZorBAConfiguration
import ZorBADiagnostics

/// Reads a policy key by key, takes nothing for granted and remembers lines.
final class PolicyReader {
  private let root: ConfigurationSection
  private var sections: [String: ConfigurationSection] = [:]
  private(set) var lines: [PolicyKey: Int] = [:]

  init(_ root: ConfigurationSection) { self.root = root }

  /// The section a key stands in, and its name there.
  private func place(of key: PolicyKey) throws -> (section: ConfigurationSection, name: String) {
    let parts = key.rawValue.split(separator: ".").map(String.init)
    var section = root
    var path = ""
    for part in parts.dropLast() {
      path += path.isEmpty ? part : ".\(part)"
      let next = try sections[path] ?? section.section(part)
      sections[path] = next
      section = next
    }
    return (section, parts.last ?? key.rawValue)
  }

  func failure(_ key: PolicyKey, _ message: String) throws -> ZorBAError {
    let (section, name) = try place(of: key)
    return section.failure(name, message, advice: "Write \(key.rule).")
  }

  /// Whether the policy says anything of a section.
  func has(_ section: String) -> Bool { root.presentKeys.contains(section) }

  /// Whether the policy says anything at a key.
  func has(_ key: PolicyKey) throws -> Bool {
    let (section, name) = try place(of: key)
    return section.presentKeys.contains(name)
  }

  /// The value of a key.
  ///
  /// - Throws: `ZorBAError` when the key is missing or empty.
  private func node(_ key: PolicyKey) throws -> ConfigurationNode {
    let (section, name) = try place(of: key)
    guard let node = section.node(name) else { throw try failure(key, "is missing") }
    if let line = node.line { lines[key] = line }
    if case .scalar(let text, let quoted) = node.content,
      text.isEmpty || !quoted && (text == "null" || text == "~")
    {
      throw try failure(key, "is empty")
    }
    return node
  }

  func text(_ key: PolicyKey) throws -> String {
    let node = try node(key)
    guard case .scalar(let text, _) = node.content else {
      throw try failure(key, "expected text, found \(node.kind.excerpt())")
    }
    return text
  }

  func flag(_ key: PolicyKey) throws -> Bool {
    switch try text(key) {
    case "true": return true
    case "false": return false
    case let text: throw try failure(key, "'\(text.excerpt())' is neither true nor false")
    }
  }

  func number(_ key: PolicyKey, from smallest: Int) throws -> Int {
    let text = try text(key)
    guard let number = Int(text), number >= smallest else {
      throw try failure(key, "'\(text.excerpt())' cannot be used")
    }
    return number
  }

  /// A whole number from 0; nil for `any`.
  func limit(_ key: PolicyKey) throws -> Int? {
    try text(key) == "any" ? nil : number(key, from: 0)
  }

  /// A number above 0; nil for `any`.
  func positiveLimit(_ key: PolicyKey) throws -> Double? {
    let text = try text(key)
    if text == "any" { return nil }
    guard let number = Double(text), number.isFinite, number > 0 else {
      throw try failure(key, "'\(text.excerpt())' cannot be used")
    }
    return number
  }

  /// A list, or `any`; `parse` gives nil for an entry that cannot be used.
  func allowance<Element>(
    _ key: PolicyKey, _ parse: (String) -> Element?
  ) throws -> Allowance<Element> {
    if case .scalar("any", _) = try node(key).content { return .any }
    return .only(try list(key, parse))
  }

  /// A list; a single text is a list of one.
  func list<Element>(_ key: PolicyKey, _ parse: (String) -> Element?) throws -> [Element] {
    let node = try node(key)
    let items: [ConfigurationNode] =
      if case .sequence(let items) = node.content { items } else { [node] }
    return try items.map { item in
      guard case .scalar(let text, _) = item.content, !text.isEmpty, let element = parse(text)
      else { throw try failure(key, "\(item.kind.excerpt()) cannot be used") }
      return element
    }
  }

  /// Windows by weekday, or `any`; a weekday that is not there has no hours.
  func hours(_ key: PolicyKey) throws -> HourWindows? {
    let node = try node(key)
    if case .scalar("any", _) = node.content { return nil }
    guard case .mapping = node.content else {
      throw try failure(key, "\(node.kind.excerpt()) cannot be used")
    }
    let (parent, name) = try place(of: key)
    let section = try parent.section(name)
    var hours = HourWindows(windows: [])
    for (weekday, day) in HourWindows.weekdays.enumerated() {
      for text in try section.texts(day) ?? [] {
        guard let window = HourWindows.Window(text, weekday: weekday) else {
          throw section.failure(
            day, "'\(text.excerpt())' is no window",
            advice: "Write HH:MM-HH:MM in UTC; 00:00-24:00 is the whole day, and an end before the "
              + "start lies on the next day.")
        }
        hours.windows.append(window)
      }
    }
    try section.finish()
    return hours
  }

  /// Refuses keys that no policy has.
  func finish() throws {
    for section in sections.values { try section.finish() }
    try root.finish()
  }
}
