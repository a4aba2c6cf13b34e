import SwiftProtobuf
import Synchronization
import ZorBA
import ZorBAAudit
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBASitePolicy
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The life of an agent: one loop over what happens, used by one task.
final class AgentSession {
  let agent: SiteAgent
  let dispatch: SiteDispatch
  let worker: SiteWorker
  let link: SiteLink
  var machine = SiteMachine()
  var backoff: Backoff
  var jitter: SeededJitter
  /// When the present connection was made.
  var connectedAt: ContinuousClock.Instant?
  /// Numbers connections; what earlier ones say is ignored.
  var connection = 0
  var outbox: Outbox?
  var backlog = Backlog()
  /// The newest answer, sent again if it is asked for again.
  var answer: SiteWork.Answer?
  /// The block whose digest goes with the answer to the newest ticket, from 0.
  var digestBlock: Int?
  /// What the newest ticket asks for.
  var facts: RoundFacts?
  /// The newest metrics.
  var evaluation: Zorba_V1_Evaluation?
  /// The newest digests of all blocks.
  var digests: [UInt8] = []
  /// Evaluations asked for, by round: whether test rows are meant.
  var evaluationSplits: [Int: Bool] = [:]
  var runName = ""
  var rounds = 0
  var toldAll = false
  var toldPeakMiB = 0
  var lastFault: ZorBAError?
  var outcome: AgentOutcome?
  /// Numbers uploads; what is said of earlier ones is ignored.
  var uploads = 0
  /// The answer whose update goes up, or went up last.
  var uploading: SiteWork.Answer?
  /// Whether files that weights are made from are being fetched, and the try at it.
  var isFetchingWeights = false
  var weightsTry = 0
  /// Whether weights that were fetched turned out wrong: then they are made from the base model.
  var distrustsSnapshots = false
  /// Whether the run trains an adapter, which stands beside the base model whatever it is made from.
  var trainsAdapter = false
  /// Whether the run's header says that answers are added up under masks.
  var isMasked = false
  /// Whether the coordinator or the owner ends the agent.
  var isEnding = false
  /// The round up to which a snapshot can be used.
  var journalEnd: UInt64 = 1
  /// The site's part in the secure aggregation of the newest attempt; nil in runs in the clear.
  var secure: SecureParticipation?
  /// Bytes of its messages that have left.
  var secureBytes = 0
  /// What the site remembers of secure sessions, once there was one.
  var sessionLog: SecureSessionLog?
  /// The stretch of the run in which no attempt comes twice, as the coordinator numbers it.
  var secureEpoch: UInt64 = 0
  /// SHA-256 of the payload of the journal's header.
  var headerDigest: [UInt8] = []
  /// The payload of the header of the copy that the newest Hello told of; empty without a copy.
  var copiedHeader: [UInt8] = []
  /// Who of the sites with the same blocks the newest assignment asks, as bits.
  var assignedGroup: [UInt8] = []
  /// What went wrong with the answer that is about to be declined, for the site's own people.
  var answerFault: ZorBAError?

  var observer: @Sendable (AgentNotice) -> Void { agent.options.observer }

  init(_ agent: SiteAgent) throws {
    self.agent = agent
    let configuration = agent.configuration
    link = try SiteLink(configuration, observer: agent.options.observer, post: agent.post)
    dispatch = try SiteDispatch(
      configuration, federation: link.federation, audit: agent.options.audit,
      observer: agent.options.observer)
    let folder = configuration.state
    worker = SiteWorker(
      SiteWork(
        path: "\(folder)/run.zorba",
        loading: SiteLoading(
          configuration: configuration, threads: agent.options.threads,
          downloaded: "\(folder)/model", gradients: agent.options.gradients,
          audit: agent.options.audit, randomness: agent.options.randomness)),
      report: agent.post)
    backoff = Backoff(
      base: configuration.reconnect.firstSeconds, cap: configuration.reconnect.longestSeconds)
    jitter = SeededJitter(seed: agent.options.jitterSeed)
  }

  /// Runs until the machine is done.
  func run() async throws -> AgentOutcome {
    worker.enqueue(.open)
    for await input in agent.inputs {
      do {
        try take(input)
      } catch {
        await link.close()
        throw error
      }
      if let outcome {
        outbox?.close()
        await link.close()
        return outcome
      }
    }
    await link.close()
    return .interrupted
  }

  private func take(_ input: SiteAgent.Input) throws {
    switch input {
    case .damaged(let error):
      observer(.warning("\(error.message); the copy is put aside and fetched anew"))
    case .opened(let round): try perform(.started(journalRound: round))
    case .connected(let number, let outbox):
      guard number == connection else { return }
      self.outbox = outbox
      connectedAt = .now
      lastFault = nil
      observer(.connected(coordinator: agent.configuration.coordinator.description))
      try perform(.connected)
    case .received(let number, let message):
      link.unread.wrappingSubtract(1, ordering: .relaxed)
      guard number == connection else { return }
      try receive(message)
    case .disconnected(let number, let end):
      guard number == connection else { return }
      outbox = nil
      toldAll = false
      secure = nil
      uploads += 1
      link.cancelUpload()
      lastFault = end.error ?? lastFault
      if end.isFinal, let error = end.error { throw error }
      try perform(.disconnected)
      try giveUpWeightsIfOver()
    case .event(let event): try perform(event)
    case .introduced(let bytes, let chain, let header):
      copiedHeader = header
      try send(hello(bytes: bytes, chain: chain))
    case .fetchFrom(let offset): link.fetchJournal(run: runName, from: offset, into: worker)
    case .fetchCommit(let commit, let offset):
      link.fetchCommit(commit, run: runName, from: offset, into: worker)
    case .uploaded(let number, let fault): try finishUpload(number, fault)
    case .ready(let ready): try sendReady(ready)
    case .outlined(let ticket, let facts, let outline): try compute(ticket, facts, outline)
    case .answer(let answer):
      self.answer = answer
      try perform(.computed(answer.ticket))
    case .failedToAnswer(let ticket, let error):
      answerFault = error
      try perform(.computeFailed(ticket, DeclineCause(of: error)))
      answerFault = nil
    case .evaluated(let evaluation):
      self.evaluation = evaluation
      try perform(.evaluated(round: Int(clamping: evaluation.round)))
    case .digests(let round, let digests):
      self.digests = digests
      try perform(.digested(round: round))
    case .failedToKeep(let error, let event):
      lastFault = error
      observer(.warning("\(error)"))
      try perform(event)
    case .weightsHere(let number, let origin):
      guard isFetchingWeights, number == weightsTry else { return }
      isFetchingWeights = false
      worker.enqueue(.rebuild(origin))
    case .snapshotRefused(let error, let folder):
      observer(.warning("the snapshot is not used, the base model and the journal are: \(error)"))
      distrustsSnapshots = true
      try? FileManager.default.removeItem(atPath: folder)
      try fetchWeights()
    case .concluded(let digest):
      outcome = .finished(run: runName, round: rounds, digest: digest)
    case .failure(let error): throw error
    case .interrupt(let reason):
      _ = try? send(.with { $0.leaving.reason = reason })
      worker.cancel()
      isEnding = true
      try perform(.stop(reason: reason))
      try giveUpWeightsIfOver()
    }
  }

  /// The fault without its advice, in one line.
  static func sentence(_ fault: ZorBAError) -> String {
    let place = fault.location.description
    return place.isEmpty ? fault.message : "\(place): \(fault.message)"
  }

  /// Gives the machine an event and does what it says.
  func perform(_ event: SiteMachine.Event) throws {
    for action in machine.handle(event) { try perform(action) }
  }
}
