import Crypto
import SwiftProtobuf
import ZorBA
import ZorBAAudit
import ZorBAConfiguration
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBASitePolicy
import ZorBAWire

/// What leaves the site: judged by its policy, counted, written down, and only then sent.
final class SiteDispatch {
  private let gate: SiteGate
  private let federation: String
  private let observer: @Sendable (AgentNotice) -> Void
  private let audit: AuditTrail?

  /// - Throws: `ZorBAError` when policy, ledger or log cannot be used: then nothing leaves.
  init(
    _ configuration: SiteConfiguration, federation: String, audit: AuditTrail? = nil,
    observer: @escaping @Sendable (AgentNotice) -> Void
  ) throws {
    try audit?.recordPolicy(at: configuration.policy)
    gate = SiteGate(
      policy: try SitePolicy.read(path: configuration.policy),
      ledger: try SiteLedger(folder: configuration.state),
      log: try SentLog(path: configuration.sentLog.path, keepMiB: configuration.sentLog.keepMiB))
    self.federation = federation
    self.observer = observer
    self.audit = audit
  }

  var policy: SitePolicy { gate.policy }

  /// Whether the site takes part in a run; says in how many rounds.
  ///
  /// - Throws: `ZorBAError` with code `refused` naming the key of the policy.
  func admit(run name: String, header: JournalHeader, encoded: [UInt8]) throws -> Int {
    let run = try RunFile.parse(
      header: header, model: "", data: DataFiles(train: [], validation: nil, test: nil))
    let facts = RunFacts(
      run, name: name, federation: federation, header: header,
      specification: Self.specification(of: encoded))
    switch gate.admit(run: facts) {
    case .allowed, .wait:
      try audit?.recordAdmission(of: facts)
      return run.rounds
    case .refused(let refusal):
      audit?.noteRefusal(refusal.sentence, run: name, round: nil, digest: facts.specification)
      throw refusal.error
    }
  }

  /// Whether the policy lets a question be answered at all, before anything is computed; what the
  /// coordinator hears if not.
  func refusal(of occasion: SiteGate.Occasion, run: String) -> DeclineCause? {
    switch gate.admit(occasion, run: run) {
    case .allowed: return nil
    case .refused(let refusal):
      audit?.noteRefusal(refusal.sentence, run: run, round: occasion.roundNumber)
      observer(.refused(refusal.sentence))
      return refusal.cause
    case .wait(let until, let refusal):
      audit?.noteRefusal(refusal.sentence, run: run, round: occasion.roundNumber)
      observer(.refused("\(refusal.sentence) (until \(until))"))
      return refusal.cause
    }
  }

  /// Writes a message down and says whether it may go; otherwise what the coordinator hears.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be counted or written down.
  func release(
    _ message: Zorba_V1_SiteMessage, on occasion: SiteGate.Occasion, run: String
  ) throws -> DeclineCause? {
    guard let fields = MessageFields(message) else { return nil }
    let line = SentLine(
      time: .now, run: run, round: fields.round, kind: fields.kind, fields: fields.object,
      payload: try message.serializedBytes())
    switch try gate.release(line, on: occasion) {
    case .allowed:
      try audit?.recordRelease(of: line)
      return nil
    case .refused(let refusal), .wait(_, let refusal):
      audit?.noteRefusal(refusal.sentence, run: run, round: line.round)
      observer(.refused(refusal.sentence))
      return refusal.cause
    }
  }

  /// Writes down that an update is about to leave, of which only the digest is kept, and says whether
  /// it may; otherwise what the coordinator hears.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when it cannot be counted or written down.
  func release(
    _ declaration: Zorba_V1_UpdateDeclaration, on occasion: SiteGate.Occasion, run: String
  ) throws -> DeclineCause? {
    let fields = MessageFields(declaration)
    let line = SentLine(
      time: .now, run: run, round: fields.round, kind: fields.kind, fields: fields.object,
      payload: try declaration.serializedBytes(),
      updateBytes: Int(clamping: declaration.bytes))
    switch try gate.release(line, on: occasion) {
    case .allowed:
      try audit?.recordRelease(of: line)
      return nil
    case .refused(let refusal), .wait(_, let refusal):
      audit?.noteRefusal(refusal.sentence, run: run, round: line.round)
      observer(.refused(refusal.sentence))
      return refusal.cause
    }
  }

  /// What a policy calls the specification of a run.
  static func specification(of header: [UInt8]) -> String {
    ZorBAOptimization.Hexadecimal.text(of: SHA256.hash(data: header))
  }
}

extension RunFacts {
  init(
    _ run: RunConfiguration, name: String, federation: String, header: JournalHeader,
    specification: String
  ) {
    self.init(
      name: name, federation: federation, specification: specification,
      // A run of an adapter says in words what stands beside it, and sites hold it to that.
      base: run.adapter?.baseDigest ?? "\(header.base.state)", task: run.task.kind,
      template: run.task.template,
      columns: run.task.kind == .completion
        ? [run.task.promptColumn, run.task.completionColumn] : [],
      blocks: nil, blocksAtOnce: nil, localSteps: run.method.localSteps,
      directions: run.method.directions, batch: run.batch.size, rounds: run.rounds,
      cohort: run.federation.sites.count,
      updateBytes: run.method.name.isFirstOrder
        ? header.model.updateBytes(of: run) ?? Int.max : nil,
      secureGroup: run.secureAggregation.isOn ? run.secureAggregation.minimumGroup : nil,
      privacy: run.differentialPrivacy.map { .init(epsilon: $0.epsilon, delta: $0.delta) })
  }
}
