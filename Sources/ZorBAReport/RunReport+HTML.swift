extension RunReport {
  /// The report as one self-contained page: no script, no external reference, equal bytes for equal reports.
  ///
  /// The page follows the reader's light or dark preference, prints on white, and describes every drawing in words.
  package func html() -> String {
    let page = Markup.tag(
      "html", ["xmlns": "http://www.w3.org/1999/xhtml", "lang": "en"],
      [
        .tag(
          "head", [:],
          [
            .tag("meta", ["charset": "utf-8"]),
            .tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .tag("meta", ["name": "color-scheme", "content": "light dark"]),
            .tag("title", text: title),
            .tag("style", text: StyleSheet.text),
          ]),
        .tag("body", [:], [.tag("main", [:], sections())]),
      ])
    return "<!DOCTYPE html>\n" + page.rendered() + "\n"
  }

  private func sections() -> [Markup] {
    var header: [Markup] = [.tag("h1", text: title)]
    if !summary.isEmpty { header.append(.tag("p", ["class": "lead"], text: summary)) }
    let parts: [Markup?] = [
      .tag("header", [:], header), headlineSection(), notesSection(), accuracySection(),
      lossSection(), blocksSection(), trafficSection(), resourcesSection(), participantsSection(),
      factsSection(), stateSection(),
    ]
    return parts.compactMap { $0 }
  }

  /// A section with a heading, or nothing when it would be empty.
  static func section(_ heading: String, _ content: [Markup]) -> Markup? {
    content.isEmpty ? nil : .tag("section", [:], [.tag("h2", text: heading)] + content)
  }
}
