/// A piece of a page: text or an element. Rendering escapes every text and closes every element.
///
/// Pages are built from this tree rather than from strings, so that they are well-formed by construction whatever
/// a model, site or label is called. The output is at the same time HTML and well-formed XML.
enum Markup: Equatable, Sendable {
  case text(String)
  indirect case element(name: String, attributes: [Attribute], children: [Markup])

  /// One attribute; order is kept, so output is reproducible.
  struct Attribute: Equatable, Sendable {
    var name: String
    var value: String
  }

  /// An element with attributes in the order given.
  static func tag(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ children: [Markup] = []
  ) -> Markup {
    .element(
      name: name, attributes: attributes.map { Attribute(name: $0.key, value: $0.value) },
      children: children)
  }

  /// An element that holds one text.
  static func tag(
    _ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String
  ) -> Markup {
    tag(name, attributes, [.text(text)])
  }

  /// The markup as text.
  func rendered() -> String {
    var output = ""
    write(to: &output)
    return output
  }

  func write(to output: inout String) {
    switch self {
    case .text(let text):
      Markup.escape(text, into: &output)
    case .element(let name, let attributes, let children):
      output += "<" + name
      for attribute in attributes {
        output += " " + attribute.name + "=\""
        Markup.escape(attribute.value, into: &output)
        output += "\""
      }
      // HTML closes only its void elements and foreign (SVG) elements this way.
      if children.isEmpty, Markup.selfClosing.contains(name) {
        output += "/>"
        return
      }
      output += ">"
      for child in children { child.write(to: &output) }
      output += "</" + name + ">"
      if Markup.lineBreakAfter.contains(name) { output += "\n" }
    }
  }

  private static let selfClosing: Set<String> = [
    "meta", "br", "hr", "line", "rect", "path", "circle", "polyline",
  ]
  private static let lineBreakAfter: Set<String> = [
    "head", "title", "style", "section", "svg", "g", "tr", "table", "h1", "h2", "p", "div", "ul",
  ]

  /// Escapes what HTML and XML treat specially, and replaces what no XML document may contain.
  private static func escape(_ text: String, into output: inout String) {
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": output += "&amp;"
      case "<": output += "&lt;"
      case ">": output += "&gt;"
      case "\"": output += "&quot;"
      case "'": output += "&#39;"
      case "\t", "\n", "\r": output.unicodeScalars.append(scalar)
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        output += "\u{FFFD}"
      case "\u{FFFE}", "\u{FFFF}": output += "\u{FFFD}"
      default: output.unicodeScalars.append(scalar)
      }
    }
  }
}
