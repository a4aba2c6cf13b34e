extension RunReport {
  /// Warnings first, then remarks, each group in the order given.
  func notesSection() -> Markup? { RunReport.section(of: notes) }

  /// Warnings first, then remarks; nil without any.
  static func section(of notes: [Note]) -> Markup? {
    let ordered = notes.filter { $0.kind == .warning } + notes.filter { $0.kind == .remark }
    guard !ordered.isEmpty else { return nil }
    return .tag(
      "section", ["class": "notes"],
      ordered.map { note in
        note.kind == .warning
          ? .tag(
            "p", ["class": "note warning", "role": "note"],
            [.tag("strong", text: "Warning. "), .text(note.text)])
          : .tag("p", ["class": "note"], text: note.text)
      })
  }

  func participantsSection() -> Markup? {
    guard !participants.isEmpty else { return nil }
    let rows = participants.map { one in
      [
        one.name, one.detail, one.examples.map(NumberText.grouped) ?? "",
        one.rounds.map(NumberText.grouped) ?? "",
      ]
    }
    return RunReport.section(
      "Participants",
      [
        RunReport.table(
          ["name", "detail", "examples", "rounds answered"], rows, numbersFrom: 2)
      ])
  }

  /// The settings of the run as a list of names and values.
  func factsSection() -> Markup? {
    guard !facts.isEmpty else { return nil }
    return RunReport.section("What ran", [RunReport.definitions(facts)])
  }

  /// What identifies and reproduces the fine-tuned model.
  func stateSection() -> Markup? {
    guard let state else { return nil }
    var facts = [Fact("state digest", state.digest)]
    if let path = state.journalPath { facts.append(Fact("journal", path)) }
    if let bytes = state.journalBytes {
      facts.append(Fact("size of the journal", NumberText.bytes(bytes)))
    }
    return RunReport.section(
      "State",
      [
        .tag(
          "p", [:],
          text: "The base model and the journal together give the fine-tuned model, bit for bit."),
        RunReport.definitions(facts),
      ])
  }

  /// Names and values side by side.
  static func definitions(_ facts: [Fact]) -> Markup {
    .tag(
      "dl", [:],
      facts.map { fact in
        .tag("div", [:], [.tag("dt", text: fact.name), .tag("dd", text: fact.value)])
      })
  }
}
