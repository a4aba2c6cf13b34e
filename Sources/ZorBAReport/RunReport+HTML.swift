extension RunReport {
  /// The report as one self-contained page: no script, no external reference, equal bytes for equal reports.
  ///
  /// The page follows the reader's light or dark preference, prints on white, and describes every drawing in words.
  package func html() -> String {
    Page.html(title: title, content: sections())
  }

  private func sections() -> [Markup] {
    var header: [Markup] = [.tag("h1", text: title)]
    if !summary.isEmpty { header.append(.tag("p", ["class": "lead"], text: summary)) }
    let parts: [Markup?] = [
      .tag("header", [:], header), headlineSection(), notesSection(), accuracySection(),
      fairnessSection(), lossSection(), blocksSection(), trafficSection(), resourcesSection(),
      participantsSection(), contributionsSection(), protectionSection(), factsSection(),
      stateSection(),
    ]
    return parts.compactMap { $0 }
  }

  /// A section with a heading, or nothing when it would be empty.
  static func section(_ heading: String, _ content: [Markup]) -> Markup? {
    content.isEmpty ? nil : .tag("section", [:], [.tag("h2", text: heading)] + content)
  }
}
