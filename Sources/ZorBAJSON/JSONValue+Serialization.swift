extension JSONValue {
  /// The value as one line of JSON; members keep their order, so equal values give equal bytes.
  ///
  /// Numbers keep their value to the last bit; those that are not finite, which JSON cannot write,
  /// become null.
  package var serialized: String {
    var text = ""
    write(to: &text, indentation: nil, depth: 0)
    return text
  }

  /// The value as JSON for people: one member or element a line, two spaces a level, and a final
  /// newline, as transformers writes its own files.
  package var serializedForReading: String {
    var text = ""
    write(to: &text, indentation: 2, depth: 0)
    return text + "\n"
  }

  /// `indentation` nil puts everything on one line.
  private func write(to text: inout String, indentation: Int?, depth: Int) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let value): text += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &text)
    case .array(let values):
      Self.write(values, between: "[", "]", to: &text, indentation, depth) { value, text in
        value.write(to: &text, indentation: indentation, depth: depth + 1)
      }
    case .object(let object):
      Self.write(object.members, between: "{", "}", to: &text, indentation, depth) { member, text in
        Self.write(member.key, to: &text)
        text += ": "
        member.value.write(to: &text, indentation: indentation, depth: depth + 1)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], between open: String, _ close: String, to text: inout String,
    _ indentation: Int?, _ depth: Int, _ writeElement: (Element, inout String) -> Void
  ) {
    text += open
    for (index, element) in elements.enumerated() {
      if index > 0 { text += indentation == nil ? ", " : "," }
      if let indentation { startLine(indentation * (depth + 1), in: &text) }
      writeElement(element, &text)
    }
    if let indentation, !elements.isEmpty { startLine(indentation * depth, in: &text) }
    text += close
  }

  private static func startLine(_ spaces: Int, in text: inout String) {
    text += "\n"
    for _ in 0..<spaces { text += " " }
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
