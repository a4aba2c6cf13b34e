import ZorBAAudit
import ZorBADiagnostics
import ZorBAJSON

extension EvidencePack {
  /// The pack as a document: one section a question that an assessment asks.
  package var markdown: String {
    ([
      "# Evidence of a run\n\nFilled from the run's own records by \(software). Every file it rests on "
        + "is listed with its digest under *Files*; `evidence.json` has the same for programs.\n",
      verdict, purpose, model, sites, participation, privacy, agreed, evaluations, records, limits,
      files,
    ] as [String]).joined(separator: "\n")
  }

  private var verdict: String {
    let log =
      logs.isEmpty
      ? "no audit log was given" : logs.allSatisfy(\.isSound) ? "verified" : "**BROKEN**"
    let journal = journal.fault.map { "**BROKEN**: \(Self.cell($0))" } ?? "verified"
    return "## Verification\n\n| record | result |\n| --- | --- |\n| journal | \(journal) |\n"
      + "| audit logs | \(log) |\n"
  }

  private var purpose: String {
    let task = journal.configuration["task"]
    let rows: [(String, JSONValue?)] = [
      ("task", task?["kind"]), ("template", task?["template"]), ("labels", task?["labels"]),
      ("method", journal.configuration["method"]?["name"]),
      ("rounds planned", journal.configuration["rounds"]),
    ]
    return "## What was done\n\n" + Self.table(rows)
      + "| rounds committed | \(journal.rounds.count) |\n"
      + "| end | \(Self.cell(journal.end ?? "the run can go on")) |\n"
      + "| specification, SHA-256 | `\(journal.specification)` |\n"
  }

  private var model: String {
    "## The model\n\n" + Self.table([("base model's name", journal.configuration["model"])])
      + "| base model's digest | `\(journal.base)` |\n"
      + "| digest of the weights at the end | \(journal.state.map { "`\($0)`" } ?? "unknown") |\n"
      + "| chain value of the journal | `\(journal.chain)` |\n"
  }

  private var sites: String {
    let counts = examples
    let bytes = Dictionary(
      (result?["wire"]?["sites"]?.array ?? []).compactMap { site in
        site["name"]?.string.map { ($0, site["received"]?.integer) }
      }, uniquingKeysWith: { first, _ in first })
    let rows = clients.enumerated().map { index, name in
      "| \(Self.cell(name)) | \(counts[name].map { "\($0)" } ?? "unknown") "
        + "| \(journal.participation[index + 1] ?? 0) "
        + "| \((bytes[name] ?? nil).map { "\($0)" } ?? "unknown") |"
    }
    return "## Sites and data\n\nNo rows of data are in any record here.\n\n"
      + "| site | rows, as told | rounds answered | bytes that left it in rounds |\n"
      + "| --- | --- | --- | --- |\n" + rows.joined(separator: "\n") + "\n"
  }

  private var participation: String {
    let rows = journal.plans.map { "| \($0.firstRound) | `\($0.digest)` |" }
    return "## Who trained what\n\n| plan from round | SHA-256 of the plan |\n| --- | --- |\n"
      + (rows.isEmpty ? "| | none is in the journal |" : rows.joined(separator: "\n")) + "\n"
  }

  private var privacy: String {
    let keys = ["secure_aggregation", "differential_privacy", "aggregation", "fairness"]
    return "## Privacy and robustness\n\n" + Self.table(keys.map { ($0, section($0)) }, none: "off")
      + "| recorded epsilon | \(Self.cell(result?["privacy"]?.serialized ?? "none is recorded")) |\n"
  }

  private var agreed: String {
    let kinds = ["run.requested", "run.approved", "run.released", "operator.acted"]
    let rows = logs.flatMap(\.events).filter { kinds.contains($0.what) }.map {
      "| \($0.time) | \(Self.cell($0.actor)) | \($0.what) | \(Self.cell($0.detail.serialized)) |"
    }
    let required = journal.configuration["approvals"]?["required"]?.integer ?? 0
    return "## Who agreed\n\nThe run's file asks for \(required) approvals.\n\n"
      + "| time | who | what | |\n| --- | --- | --- | --- |\n"
      + (rows.isEmpty ? "| | | nothing is recorded | |" : rows.joined(separator: "\n")) + "\n"
  }

  private var evaluations: String {
    var rows: [String] = []
    func add(_ when: String, _ value: JSONValue?) {
      guard let value, !value.isNull else { return }
      rows.append(Self.row(when, "all", value))
      for client in value["per_client"]?.array ?? [] {
        rows.append(Self.row(when, client["client"]?.string ?? "", client))
      }
    }
    add("before", result?["evaluation"]?["before"])
    add("after", result?["evaluation"]?["after"])
    return "## Evaluations\n\n| when | of | rows | loss | accuracy | macro-F1 |\n"
      + "| --- | --- | --- | --- | --- | --- |\n"
      + (rows.isEmpty ? "| | nothing is recorded | | | | |" : rows.joined(separator: "\n")) + "\n"
  }

  private static func row(_ when: String, _ name: String, _ value: JSONValue) -> String {
    func figure(_ key: String) -> String { value[key].map { cell($0.serialized) } ?? "" }
    return "| \(when) | \(cell(name)) | \(figure("examples")) | \(figure("loss")) "
      + "| \(figure("accuracy")) | \(figure("macro_f1")) |"
  }

  private var records: String {
    let parts = logs.map { log in
      let policies =
        log.policyDigests.isEmpty ? "none named" : log.policyDigests.joined(separator: ", ")
      return "### `\(Self.cell(log.path))`\n\n"
        + "- kept by \(Self.cell(log.keeper))\n- \(log.report.records) records, "
        + "\(log.report.findings.count) findings, \(log.report.anchored) anchors met\n"
        + "- \(log.crossChecked) rounds compared with the journal, "
        + "\(log.journalFindings.count) differ\n"
        + "- \(log.messages.count) messages left, \(log.messages.bytes) bytes; "
        + "\(log.refusals) refused or declined\n"
        + "- policies: \(policies)\n"
        + "- software: \(Self.cell(log.software.sorted().joined(separator: ", ")))\n"
        + (log.report.findings + log.journalFindings).prefix(100)
        .map { "- **\($0.kind.rawValue)**, line \($0.line): \(Self.cell($0.message))\n" }.joined()
    }
    return "## Audit logs\n\n"
      + (parts.isEmpty ? "None was given.\n" : parts.joined(separator: "\n"))
  }

  private var limits: String {
    "## What this does not show\n\n" + KnownLimits.sentences.map { "- \($0)\n" }.joined()
  }

  private var files: String {
    "## Files\n\n| file | bytes | SHA-256 |\n| --- | --- | --- |\n"
      + documents.files.map { "| \(Self.cell($0.name)) | \($0.bytes) | `\($0.digest)` |\n" }
      .joined()
  }

  private static func table(_ rows: [(String, JSONValue?)], none: String = "unknown") -> String {
    "| | |\n| --- | --- |\n"
      + rows.map { name, value in
        "| \(name) | \(value.map { cell($0.string ?? $0.serialized) } ?? none) |\n"
      }.joined()
  }

  /// Text that cannot break out of its cell.
  static func cell(_ text: String) -> String {
    text.excerpt(limit: 400).map { character in
      switch character {
      case "|": "\\|"
      case "<": "&lt;"
      case "`": "'"
      default: String(character)
      }
    }.joined()
  }
}
