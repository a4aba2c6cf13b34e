import SwiftProtobuf
package import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAIdentity
import ZorBAJournal
import ZorBAOptimization
package import ZorBASitePolicy
import ZorBATensor
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The first round of a run as this site would answer it, with every block active: the largest answer
/// there is.
package final class Rehearsal {
  /// Why the policy would keep something in.
  package private(set) var refusals: [String] = []
  /// What is left to the coordinator and how it is shown here; nil where nothing is.
  package let remark: String?

  private let configuration: SiteConfiguration
  private let policy: SitePolicy
  private let name: String
  private let run: RunConfiguration
  private let runName: String
  private let header: JournalHeader
  private let replica: SiteReplica
  private let federation: String
  private let ledger: RehearsalLedger

  /// Loads the site's model and rows as the agent would.
  ///
  /// - Parameter gradients: Where first-order methods take gradients from; nil takes the model's
  ///   backward pass.
  /// - Throws: `ZorBAError` naming whatever cannot be used.
  package init(
    _ configuration: SiteConfiguration, run: RunConfiguration, named runName: String, threads: Int?,
    gradients: SharedGradientFactory? = nil
  ) throws {
    self.configuration = configuration
    self.runName = runName
    let policy = try SitePolicy.read(path: configuration.policy)
    self.policy = policy
    let (run, remark) = Self.decided(run, policy)
    self.remark = remark
    let credentials = try IdentityFolder(configuration.identity).load()
    name = credentials.principal.name
    federation = credentials.principal.federation
    guard case .folder(let model) = configuration.model else {
      throw ZorBAError(
        .invalidConfiguration, "a dry run needs a model that is here",
        at: .init(field: "model"), advice: "Name a checkpoint folder as 'model'.")
    }
    guard let number = run.federation.sites.firstIndex(of: name) else {
      throw ZorBAError(
        .refused, "the run does not list the site '\(name)'",
        at: .init(field: "federation.sites"), advice: "Use the run file of a run that does.")
    }
    let context = try ComputeContext(
      precision: run.compute, threads: threads ?? configuration.threads)
    let trained = try ModelCard(
      ofCheckpoint: model, precision: run.precision, task: run.task, context: context
    ).trained(by: run)
    self.run = trained.configuration
    header = trained.journalHeader
    var own = trained.configuration
    own.model = model
    own.data = DataFiles(
      train: [configuration.data.train], validation: configuration.data.validation,
      test: configuration.data.test)
    own.out = configuration.state
    let ledger = try RehearsalLedger(of: configuration)
    replica = try SiteReplica(
      header: header, configuration: own, siteNumber: number + 1,
      context: context, gradients: gradients,
      privacy: try ledger.privacy(
        of: own, named: runName, specification: SiteDispatch.specification(of: header.encoded),
        policy: policy))
    self.ledger = ledger
  }

  /// The run with what `secure_aggregation: auto` can come to. In the clear a site tells most, so that
  /// is shown, unless its policy would have it answer under masks only.
  private static func decided(
    _ run: RunConfiguration, _ policy: SitePolicy
  ) -> (run: RunConfiguration, remark: String?) {
    guard run.secureAggregation.mode == .auto else { return (run, nil) }
    if let obstacle = run.automaticSecrecyObstacle {
      return (run, "secure_aggregation: auto comes to off for this run: \(obstacle).")
    }
    let groups = "where its plan has groups of \(run.secureAggregation.groupToAsk) sites"
    guard policy.requiresSecureAggregation else {
      return (
        run,
        "secure_aggregation: auto is shown as off, which tells most; the coordinator turns it on "
          + "\(groups)."
      )
    }
    var masked = run
    masked.secureAggregation.mode = .on
    return (
      masked,
      "secure_aggregation: auto is shown as on, without which the policy has the site not answer; the "
        + "coordinator turns it on \(groups)."
    )
  }

  /// What would leave: the first messages of a stream, and the answer to round 1.
  package func lines() throws -> [SentLine] {
    judge(
      policy.admit(
        run: RunFacts(
          run, name: runName, federation: federation, header: header,
          specification: SiteDispatch.specification(of: header.encoded))))
    let share = policy.share
    let blocks = Array(1..<header.model.blocks.count)
    let trained = (run.blocks.outer ? [0] : []) + blocks
    let answer = try answer(training: trained)
    // The masked numbers go before the result and are random each time.
    let isMasked = run.secureAggregation.isOn
    // Of the plan only its rule is known: a sum hides an answer among so many sites at least.
    let cohort =
      isMasked && run.blocks.plan != .full
      ? run.secureAggregation.groupToAsk : run.federation.sites.count
    let messages: [Zorba_V1_SiteMessage] = [
      .with {
        $0.hello = .with {
          $0.run = configuration.run ?? ""
          $0.protocolMinimum = ProtocolVersions.current.minimum
          $0.protocolMaximum = ProtocolVersions.current.maximum
          $0.software = Software.description
        }
      },
      .with {
        if !isMasked {
          $0.ready.examples = UInt32(clamping: share.examples(replica.examples))
        }
        $0.ready.journalChain = Data(repeating: 0, count: 16)
      },
      .with {
        $0.result = .with {
          $0.round = 1
          $0.masked = isMasked
          if !isMasked {
            $0.scalars = PackedFloats.pack(answer.scalars)
            $0.updateDigest = Data(answer.update?.digest.bytes ?? [])
            $0.examples = UInt32(clamping: share.examples(answer.examples))
            $0.loss = share.loss(Float(answer.loss))
          }
          $0.seconds = share.seconds(Float(answer.seconds))
          $0.peakMemoryMib = UInt32(
            clamping: run.differentialPrivacy == nil
              ? share.peakMemoryMiB(replica.peakMemory >> 20) : 0)
        }
      },
    ]
    let update = try answer.update.map { update in
      let line = try line(of: update)
      judge(
        policy.admit(
          round: RoundFacts(
            round: 1, blocks: Set(trained), cohort: cohort,
            payloadBytes: line.byteCount, updateBytes: line.updateBytes, now: .now),
          usage: SiteUsage()))
      return line
    }
    var lines: [SentLine] = try messages.compactMap { message in
      guard let fields = MessageFields(message) else { return nil }
      let payload: [UInt8] = try message.serializedBytes()
      if fields.kind == .result {
        judge(
          policy.admit(
            round: RoundFacts(
              round: 1, blocks: Set(blocks), cohort: cohort,
              payloadBytes: payload.count, now: .now), usage: SiteUsage()))
      }
      return SentLine(
        time: .now, run: runName, round: fields.round, kind: fields.kind,
        fields: fields.object, payload: payload)
    }
    // It leaves before the result that names it.
    if let update { lines.insert(update, at: lines.count - 1) }
    return lines
  }

  private typealias Answer = (
    scalars: [Float], update: DenseDelta?, examples: Int, loss: Double, seconds: Double
  )

  private func answer(training blocks: [Int]) throws -> Answer {
    guard run.method.name.isFirstOrder else {
      let answer = try replica.answer(round: 1, blocks: blocks)
      return (
        Array(answer.scalars.joined()), nil, answer.examples, answer.loss, answer.seconds
      )
    }
    let update = try replica.update(round: 1, blocks: blocks)
    return ([], update.change, update.examples, update.loss, update.seconds)
  }

  private func line(of update: DenseDelta) throws -> SentLine {
    let declaration = Zorba_V1_UpdateDeclaration.with {
      $0.run = runName
      $0.round = 1
      $0.bytes = UInt64(update.body.count)
      $0.digest = Data(update.digest.bytes)
    }
    let fields = MessageFields(declaration)
    return SentLine(
      time: .now, run: runName, round: fields.round, kind: fields.kind, fields: fields.object,
      payload: try declaration.serializedBytes(), updateBytes: update.body.count)
  }

  private func judge(_ verdict: Verdict) {
    switch verdict {
    case .allowed: break
    case .refused(let refusal), .wait(_, let refusal): refusals.append(refusal.sentence)
    }
  }
}
