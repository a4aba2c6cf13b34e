import SwiftProtobuf
import Synchronization
import ZorBA
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
  /// Whether the coordinator or the owner ends the agent.
  var isEnding = false
  /// The round up to which a snapshot can be used.
  var journalEnd: UInt64 = 1
  /// Whether what is being declined is declined by the site's policy.
  private var isRefused = false

  var observer: @Sendable (AgentNotice) -> Void { agent.options.observer }

  init(_ agent: SiteAgent) throws {
    self.agent = agent
    let configuration = agent.configuration
    link = try SiteLink(configuration, observer: agent.options.observer, post: agent.post)
    dispatch = try SiteDispatch(
      configuration, federation: link.federation, observer: agent.options.observer)
    let folder = configuration.state
    worker = SiteWorker(
      SiteWork(
        path: "\(folder)/run.zorba",
        loading: SiteLoading(
          configuration: configuration, threads: agent.options.threads,
          downloaded: "\(folder)/model", gradients: agent.options.gradients)),
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
      uploads += 1
      link.cancelUpload()
      lastFault = end.error ?? lastFault
      if end.isFinal, let error = end.error { throw error }
      try perform(.disconnected)
      try giveUpWeightsIfOver()
    case .event(let event): try perform(event)
    case .introduced(let bytes, let chain): try send(hello(bytes: bytes, chain: chain))
    case .fetchFrom(let offset): link.fetchJournal(run: runName, from: offset, into: worker)
    case .fetchCommit(let commit, let offset):
      link.fetchCommit(commit, run: runName, from: offset, into: worker)
    case .uploaded(let number, let fault): try finishUpload(number, fault)
    case .ready(let ready): try sendReady(ready)
    case .outlined(let ticket, let facts): try compute(ticket, facts)
    case .answer(let answer):
      self.answer = answer
      try perform(.computed(answer.ticket))
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
  private static func sentence(_ fault: ZorBAError) -> String {
    let place = fault.location.description
    return place.isEmpty ? fault.message : "\(place): \(fault.message)"
  }

  /// Gives the machine an event and does what it says.
  func perform(_ event: SiteMachine.Event) throws {
    for action in machine.handle(event) { try perform(action) }
  }
}

// MARK: - Messages

extension AgentSession {
  private func receive(_ message: Zorba_V1_CoordinatorMessage) throws {
    switch message.kind {
    case .welcome(let welcome): try take(welcome)
    case .advance(let advance): try take(advance)
    case .record(let record):
      backlog.append(.record(record))
      try perform(.record)
    case .evaluate(let request):
      let round = Int(clamping: request.round)
      evaluationSplits = [round: request.test]
      try perform(SiteMachine.Event.evaluate(round: round))
    case .digestRequest(let request):
      try perform(.digestRequest(round: Int(clamping: request.round)))
    case .pause(let pause): observer(.paused(pause.reason))
    case .goodbye(let goodbye):
      lastFault = ZorBAError(.refused, goodbye.text)
      switch goodbye.reason {
      case .diverged: distrustsSnapshots = true
      case .stopped, .refused, .superseded, .finished: isEnding = true
      case .again, .unspecified, .UNRECOGNIZED: break
      }
      try perform(.goodbye(SiteMachine.Goodbye(goodbye.reason)))
    case .heartbeat, nil: break
    }
  }

  private func take(_ welcome: Zorba_V1_Welcome) throws {
    let bytes = Array(welcome.journalHeader)
    let header = try JournalHeader(encoded: bytes)
    runName = welcome.run
    rounds = try dispatch.admit(run: runName, header: header, encoded: bytes)
    trainsAdapter = header.configuration["adapter"] != nil
    worker.enqueue(
      .join(run: runName, number: Int(welcome.siteNumber), header: bytes))
    observer(.joined(run: runName, round: Int(clamping: welcome.lastRound), rounds: rounds))
    let greeting = SiteMachine.Event.welcome(
      lastRound: Int(clamping: welcome.lastRound), restarts: welcome.journalRestarts)
    journalEnd = max(1, welcome.lastRound)
    try perform(greeting)
    // What a broken connection left unfinished goes on over this one.
    if isFetchingWeights { try fetchWeights() }
  }

  private func take(_ advance: Zorba_V1_Advance) throws {
    var next: UInt64 = 0
    if advance.hasCommit {
      next = advance.commit.round &+ 1
      backlog.append(.commit(advance.commit))
      try perform(.commit(round: Int(clamping: advance.commit.round)))
    }
    guard advance.hasAssignment else { return }
    let assignment = advance.assignment
    digestBlock = assignment.digestBlock > 0 ? Int(assignment.digestBlock) - 1 : nil
    try perform(
      .assignment(
        .init(
          round: Int(clamping: assignment.round == 0 ? next : assignment.round),
          attempt: max(1, Int(clamping: assignment.attempt)))))
  }

  private func hello(bytes: Int, chain: [UInt8]) -> Zorba_V1_SiteMessage {
    .with {
      $0.hello = .with {
        $0.run = agent.configuration.run ?? ""
        $0.protocolMinimum = ProtocolVersions.current.minimum
        $0.protocolMaximum = ProtocolVersions.current.maximum
        $0.software = Software.description
        $0.journalBytes = UInt64(bytes)
        $0.journalChain = Data(chain)
      }
    }
  }

  private func sendReady(_ ready: Zorba_V1_Ready) throws {
    var ready = ready
    let share = dispatch.policy.share
    if ready.hasCosts {
      ready.examples = UInt32(clamping: share.examples(Int(ready.examples)))
      if share.sharesCosts {
        ready.costs.budgetBytes = UInt64(agent.configuration.memoryMiB) << 20
      } else {
        ready.clearCosts()
      }
    }
    toldAll = true
    try send(.with { $0.ready = ready })
  }

  private func sendResult(_ ticket: RoundCoordinator.Ticket) throws {
    guard let answer, answer.ticket == ticket else { return }
    // An update goes up first, beside the stream.
    if let update = answer.update { return try beginUpload(of: answer, update) }
    try tell(answer)
  }

  /// Tells the coordinator of an answer.
  func tell(_ answer: SiteWork.Answer) throws {
    let ticket = answer.ticket
    let share = dispatch.policy.share
    let result = Zorba_V1_Result.with {
      $0.round = UInt64(ticket.round)
      $0.attempt = ticket.attempt == 1 ? 0 : UInt32(clamping: ticket.attempt)
      $0.scalars = PackedFloats.pack(answer.scalars)
      $0.examples = UInt32(clamping: share.examples(answer.examples))
      $0.loss = share.loss(Float(answer.loss))
      $0.seconds = share.seconds(Float(answer.seconds))
      $0.blockDigest = Data(answer.blockDigest)
      $0.halfScalars = PackedFloats.pack(answer.halves)
      $0.updateDigest = Data(answer.updateDigest?.bytes ?? [])
      let peak = share.peakMemoryMiB(answer.peakMemoryMiB)
      if peak > toldPeakMiB { $0.peakMemoryMib = UInt32(clamping: peak) }
    }
    let message = Zorba_V1_SiteMessage.with { $0.result = result }
    var facts = facts ?? RoundFacts(round: ticket.round, blocks: [], cohort: nil, now: .now)
    facts.now = .now
    if let refusal = try send(message, on: .round(facts)) {
      return try sendDeclined(ticket, refusal, isRefused: true)
    }
    guard outbox != nil else { return }
    toldPeakMiB = max(toldPeakMiB, Int(result.peakMemoryMib))
    observer(
      .answered(
        round: ticket.round, rounds: rounds, loss: answer.loss,
        bytes: (try message.serializedBytes() as [UInt8]).count
          + (answer.update?.body.count ?? 0), seconds: answer.seconds))
  }

  func sendDeclined(
    _ ticket: RoundCoordinator.Ticket, _ reason: String, isRefused: Bool
  ) throws {
    try send(
      .with {
        $0.declined = .with {
          $0.round = UInt64(ticket.round)
          $0.attempt = ticket.attempt == 1 ? 0 : UInt32(clamping: ticket.attempt)
          $0.reason = reason
          $0.refused = isRefused
        }
      })
  }

  /// Writes down, then sends: what cannot be written down does not leave the site. The connection is
  /// given up then, and made again later, when there may be room.
  ///
  /// - Returns: Why the policy keeps it in; nil otherwise.
  @discardableResult
  private func send(
    _ message: Zorba_V1_SiteMessage, on occasion: SiteGate.Occasion = .other(now: .now)
  ) throws -> String? {
    guard let outbox else { return nil }
    do {
      for message in agent.options.relay(message) {
        if let refusal = try dispatch.release(message, on: occasion, run: runName) {
          return refusal
        }
        outbox.send(message)
      }
    } catch let error as ZorBAError where error.code == .inputOutput {
      lastFault = error
      observer(.warning("\(error)"))
      self.outbox = nil
      try perform(.unsent)
    }
    return nil
  }
}

// MARK: - Actions

extension AgentSession {
  private func perform(_ action: SiteMachine.Action) throws {
    switch action {
    case .connect:
      connection += 1
      link.connect(number: connection)
    case .scheduleReconnect:
      let lasted = connectedAt.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0
      connectedAt = nil
      let seconds = backoff.delay(lasted: lasted, using: &jitter)
      observer(
        .disconnected(
          reason: lastFault.map(Self.sentence) ?? "the connection ended", retrySeconds: seconds))
      let post = agent.post
      Task {
        try? await Task.sleep(for: .seconds(seconds))
        post(.event(.retryTimer))
      }
    case .disconnect:
      outbox?.close()
      outbox = nil
      link.disconnect()
    case .sendHello: worker.enqueue(.introduce)
    case .putJournalAside: worker.enqueue(.putJournalAside)
    case .discardKept: backlog.removeAll()
    case .fetch:
      observer(.catchingUp(what: "the journal"))
      worker.enqueue(.beginFetch)
    case .rebuild:
      observer(.catchingUp(what: "the weights"))
      try fetchWeights()
    case .replay: worker.enqueue(.replay)
    case .sendReady(let round): worker.enqueue(.ready(round: round, tellsAll: !toldAll))
    case .compute(let ticket): worker.enqueue(.outline(ticket))
    case .cancelCompute: worker.cancel()
    case .append:
      guard let record = backlog.takeRecord() else { return try perform(.appendFailed) }
      worker.enqueue(.append(record))
    case .apply(let round):
      guard let commit = backlog.takeCommit(of: round) else {
        return try perform(.applyFailed(round: round))
      }
      giveUpUpload(before: round)
      worker.enqueue(commit.journalBytes > 0 ? .beginCommit(commit) : .apply(commit))
      observer(.applied(round: round, rounds: rounds))
    case .evaluate(let round): try evaluate(round)
    case .cancelEvaluation: worker.cancel()
    case .sendEvaluation(let round):
      try sendEvaluation(round)
    case .digest(let round): worker.enqueue(.digests(round: round))
    case .sendDigest(let round):
      try send(
        .with {
          $0.stateDigest.round = UInt64(round)
          $0.stateDigest.digests = Data(digests)
        })
    case .sendResult(let ticket): try sendResult(ticket)
    case .sendDeclined(let ticket, let reason):
      if !isRefused { observer(.warning(reason)) }
      try sendDeclined(ticket, reason, isRefused: isRefused)
    case .finish(let end): try finish(end)
    }
  }

  /// Computes what the policy lets out.
  private func compute(_ ticket: RoundCoordinator.Ticket, _ facts: RoundFacts) throws {
    self.facts = facts
    if let refusal = dispatch.refusal(of: .round(facts), run: runName) {
      isRefused = true
      try perform(.computeFailed(ticket, reason: refusal))
      isRefused = false
      return
    }
    worker.enqueue(.compute(ticket, digestBlock: digestBlock))
  }

  private func evaluate(_ round: Int) throws {
    guard dispatch.policy.allowsEvaluation else {
      evaluation = .with {
        $0.round = UInt64(round)
        $0.absent = true
      }
      return try perform(.evaluated(round: round))
    }
    worker.enqueue(
      .evaluate(
        round: UInt64(round), test: evaluationSplits[round] ?? false,
        minimum: dispatch.policy.fewestEvaluationExamples))
  }

  private func sendEvaluation(_ round: Int) throws {
    guard let evaluation, evaluation.round == UInt64(round) else { return }
    let facts = EvaluationFacts(round: round, examples: Int(evaluation.examples), now: .now)
    let message = Zorba_V1_SiteMessage.with { $0.evaluation = evaluation }
    let refusal = try send(
      message, on: evaluation.absent ? .other(now: .now) : .evaluation(facts))
    guard refusal != nil, !evaluation.absent else { return }
    self.evaluation = .with {
      $0.round = UInt64(round)
      $0.absent = true
    }
    try sendEvaluation(round)
  }

  private func finish(_ end: SiteMachine.Outcome) throws {
    switch end {
    case .finished: worker.enqueue(.conclude)
    case .stopped: outcome = .stopped(lastFault?.message ?? "the run was ended")
    case .superseded:
      throw ZorBAError(
        .refused, "another agent of this site took over",
        advice: "Run one agent a site.")
    case .refused:
      throw lastFault ?? ZorBAError(.refused, "the coordinator refused the site")
    case .interrupted: outcome = .interrupted
    case .failed(let reason):
      throw lastFault
        ?? ZorBAError(
          .invalidJournal, reason,
          advice: "Check this machine and its copy of the base model, then start again.")
    }
  }
}

extension SiteMachine.Goodbye {
  /// A reason that this version does not know is no reason to stay away.
  fileprivate init(_ reason: Zorba_V1_Goodbye.Reason) {
    self =
      switch reason {
      case .finished: .finished
      case .stopped: .stopped
      case .refused: .refused
      case .diverged: .diverged
      case .superseded: .superseded
      case .again, .unspecified, .UNRECOGNIZED: .again
      }
  }
}
