extension StringProtocol {
  /// The text as an error may quote it: at most `limit` characters, none of them a control.
  ///
  /// Names and values come from files; an escape sequence in one must not reach a terminal, and a
  /// megabyte of it must not fill a log.
  package func excerpt(limit: Int = 80) -> String {
    var text = ""
    for (index, character) in self.prefix(limit + 1).enumerated() {
      if index == limit { return text + "…" }
      // A character may be many scalars long: a base and its combining marks.
      for scalar in character.unicodeScalars.prefix(8) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
          text += "\\u{" + String(scalar.value, radix: 16) + "}"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    return text
  }
}
