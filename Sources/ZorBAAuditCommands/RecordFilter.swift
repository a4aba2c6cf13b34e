import ArgumentParser
import ZorBAAudit

/// Which records are wanted.
struct RecordFilter: ParsableArguments {
  @Option(help: ArgumentHelp("Only records of this run.", valueName: "name"))
  var run: String?

  @Option(
    help: ArgumentHelp(
      "Only records of this kind, or of a family: run, site, identity.", valueName: "kind"))
  var what: String?

  @Option(help: ArgumentHelp("Only records whose actor contains this.", valueName: "text"))
  var actor: String?

  @Option(
    help: ArgumentHelp(
      "Only records from this moment on: 2026-03-01, or 2026-03-01T12:00:00.000Z.",
      valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("Only records before this moment.", valueName: "time"))
  var until: String?

  func validate() throws {
    for text in [since, until].compactMap({ $0 }) where Self.time(text) == nil {
      throw ValidationError("\(text): use a date, or a time such as 2026-03-01T12:00:00.000Z.")
    }
  }

  static func time(_ text: String) -> AuditTime? {
    AuditTime(text) ?? AuditTime("\(text)T00:00:00.000Z")
      ?? (text.hasSuffix("Z") ? AuditTime("\(text.dropLast()).000Z") : nil)
  }

  func admits(_ record: AuditRecord) -> Bool {
    let entry = record.entry
    if let run, entry.run != run { return false }
    if let what, entry.what.rawValue != what, !entry.what.rawValue.hasPrefix("\(what).") {
      return false
    }
    if let actor, !entry.actor.contains(actor) { return false }
    if let since = since.flatMap(Self.time), record.time < since { return false }
    if let until = until.flatMap(Self.time), record.time >= until { return false }
    return true
  }
}
