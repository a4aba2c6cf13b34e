import ZorBADiagnostics

/// What a policy lets through: anything, or what it lists. An empty list lets nothing through.
package enum Allowance<Element: Sendable & Equatable>: Sendable, Equatable {
  case any
  case only([Element])

  /// Whether anything, or a listed element for which `matches` holds, is let through.
  func admits(_ matches: (Element) -> Bool) -> Bool {
    switch self {
    case .any: true
    case .only(let elements): elements.contains(where: matches)
    }
  }
}

extension Allowance {
  /// The list for people; long ones end in how many more there are.
  func listed(by name: (Element) -> String) -> String {
    switch self {
    case .any: return "any"
    case .only(let elements) where elements.isEmpty: return "none"
    case .only(let elements):
      let shown = elements.prefix(5).map { name($0).excerpt() }.joined(separator: ", ")
      return elements.count > 5 ? "\(shown) and \(elements.count - 5) more" : shown
    }
  }
}
