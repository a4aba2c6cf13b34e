package import ZorBAJSON

/// Writes plain values as YAML; reading YAML is the business of another target.
package enum YAMLText {
  /// A mapping as a block document.
  package static func document(_ value: JSONValue) -> String {
    var text = ""
    write(value, indentation: 0, to: &text)
    return text
  }

  private static func write(_ value: JSONValue, indentation: Int, to text: inout String) {
    for member in value.object?.members ?? [] {
      text += String(repeating: "  ", count: indentation) + key(member.key) + ":"
      if let object = member.value.object, !object.members.isEmpty {
        text += "\n"
        write(member.value, indentation: indentation + 1, to: &text)
      } else if let items = member.value.array {
        text += " [\(items.map(scalar).joined(separator: ", "))]\n"
      } else {
        text += " \(scalar(member.value))\n"
      }
    }
  }

  private static func key(_ key: String) -> String {
    let isPlain =
      !key.isEmpty && key.unicodeScalars.allSatisfy { ("a"..."z").contains($0) || $0 == "_" }
    return isPlain && !["null", "true", "false", "yes", "no", "on", "off"].contains(key)
      ? key : quoted(key)
  }

  private static func scalar(_ value: JSONValue) -> String {
    if case .string(let text) = value { quoted(text) } else { value.serialized }
  }

  /// A double-quoted scalar.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case "\u{0}"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}", "\u{FFFE}",
        "\u{FFFF}":
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
