package import ZorBAAudit
package import ZorBAAuditIdentity
import ZorBADiagnostics
package import ZorBAIdentity
package import ZorBAJSON

/// What one audit log says of a run, and whether the log is whole.
package struct LogFacts: Sendable {
  /// A record about the run that a reader of the evidence wants to see.
  package struct Event: Sendable {
    package var time: String
    package var actor: String
    package var what: String
    package var detail: JSONValue
  }

  package private(set) var path: String
  package private(set) var report: AuditReport
  package private(set) var proof: KeeperProof
  /// What the log and the run's journal do not agree in.
  package private(set) var journalFindings: [AuditFinding] = []
  package private(set) var crossChecked = 0
  /// Who asked for the run, who approved and released it, what operators did to it.
  package private(set) var events: [Event] = []
  package private(set) var policyDigests: [String] = []
  /// Messages that left for the run, and their bytes: from the log of a site.
  package private(set) var messages = (count: 0, bytes: 0)
  package private(set) var refusals = 0
  /// Rows that sites told the keeper of, by site.
  package private(set) var examples: [String: Int] = [:]
  package private(set) var software: Set<String> = []

  private static let eventKinds: Set<AuditKind> = [
    .runRequested, .runApproved, .runReleased, .runOpened, .runPlanned, .runRolledBack,
    .runBranched,
    .runEnded, .operatorActed, .operatorRefused, .siteQuarantined, .siteReadmitted, .modelExported,
  ]
  private static let eventLimit = 500

  /// Reads and verifies a log.
  ///
  /// - Parameters:
  ///   - run: The run's name in the log; nil finds it by its specification.
  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be read.
  package init(
    path: String, run: String?, journal: JournalFacts, anchors: [AuditAnchor] = [],
    authority: TrustAnchor? = nil
  ) throws {
    self.path = path
    let files = LogFiles(path).all
    guard !files.isEmpty else {
      throw ZorBAError(
        .inputOutput, "there is no audit log", at: .init(file: path),
        advice: "Give the path of an audit.jsonl.")
    }
    let name = try run ?? Self.name(of: journal.specification, in: files)
    var check = JournalCheck(run: name ?? "")
    var dates = KeeperValidity()
    var found = Found()
    report = try AuditVerifier.verify(files, anchors: anchors) { record, file, line in
      check.visit(record, file: file, line: line)
      dates.visit(record, file: file, line: line)
      found.take(record, run: name)
    }
    if let finding = report.head.flatMap({ dates.result($0) })?.finding {
      report.findings.append(finding)
    }
    events = found.events
    policyDigests = found.policyDigests
    messages = found.messages
    refusals = found.refusals
    examples = found.examples
    software = found.software
    proof = report.head.map { KeeperProof($0, anchor: authority) } ?? .failed("it has no head")
    if check.count > 0 {
      journalFindings = check.findings(journal: journal.rounds)
      crossChecked = check.count
    }
  }

  private struct Found {
    var events: [Event] = []
    var policyDigests: [String] = []
    var messages = (count: 0, bytes: 0)
    var refusals = 0
    var examples: [String: Int] = [:]
    var software: Set<String> = []

    mutating func take(_ record: AuditRecord, run: String?) {
      let entry = record.entry
      switch entry.what {
      case .policyLoaded:
        if let digest = entry.digest, policyDigests.last != digest { policyDigests.append(digest) }
      case .serviceStarted:
        if let text = entry.detail["software"]?.string { software.insert(text) }
      default: break
      }
      guard let run, entry.run == run else { return }
      switch entry.what {
      case .messageReleased:
        messages.count += 1
        messages.bytes += entry.detail["bytes"]?.integer ?? 0
      case .policyRefused, .siteDeclined: refusals += 1
      case .siteReady:
        if let site = entry.detail["site"]?.string {
          examples[site] = entry.detail["examples"]?.string.flatMap { Int($0) }
        }
      default: break
      }
      guard LogFacts.eventKinds.contains(entry.what), events.count < LogFacts.eventLimit else {
        return
      }
      events.append(
        Event(
          time: "\(record.time)", actor: entry.actor, what: entry.what.rawValue,
          detail: .object(entry.detail)))
    }
  }

  /// The run that was opened or asked for with this specification.
  private static func name(of specification: String, in files: [String]) throws -> String? {
    var name: String?
    _ = try AuditVerifier.verify(files) { record, _, _ in
      if record.entry.digest == specification, let run = record.entry.run { name = name ?? run }
    }
    return name
  }

  package var isSound: Bool {
    if case .failed = proof { return false }
    return report.isSound && journalFindings.isEmpty
  }

  package var keeper: String {
    switch proof {
    case .proved(let keeper): "\(keeper) (proved)"
    case .claimed(let keeper): "\(keeper) (as its certificate in the log says)"
    case .anonymous: "nobody enrolled"
    case .failed(let reason): "not proved: \(reason)"
    }
  }

  package var json: JSONValue {
    [
      "path": .string(path), "keeper": .string(keeper), "sound": .bool(isSound),
      "records": .integer(report.records), "anchored": .integer(report.anchored),
      "rounds_checked": .integer(crossChecked),
      "findings": .array((report.findings + journalFindings).map(\.json)),
      "policy_digests": .array(policyDigests.map { .string($0) }),
      "messages": ["count": .integer(messages.count), "bytes": .integer(messages.bytes)],
      "refusals": .integer(refusals), "software": .array(software.sorted().map { .string($0) }),
      "events": .array(
        events.map {
          [
            "time": .string($0.time), "actor": .string($0.actor), "what": .string($0.what),
            "detail": $0.detail,
          ]
        }),
    ]
  }
}
