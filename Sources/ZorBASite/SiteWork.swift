import SwiftProtobuf
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBASitePolicy
import ZorBAWire

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a site does with its copy of the journal, its weights and its rows; used by one thread.
///
/// The journal moves first, durably, and the weights after it, so that what a killed agent finds on
/// the disk is never behind what it said it had.
final class SiteWork {
  /// What goes into one answer.
  struct Answer: Sendable {
    var ticket: RoundCoordinator.Ticket
    var scalars: [Float]
    var halves: [Float]
    var examples: Int
    var loss: Double
    var seconds: Double
    var peakMemoryMiB: Int
    var blockDigest: [UInt8]
    /// What first-order methods send in the place of scalars.
    var update: DenseDelta?
    /// That of the update.
    var updateDigest: Digest128?
    /// The site's training rows, its weight; set where the answer is added up under masks.
    var rows = 0
    /// Whether the answer leaves only as a share of a sum.
    var isSecure: Bool { rows > 0 }
  }

  /// Something of the site's own that cannot be used, and that only its owner can mend.
  struct LoadingFault: Error {
    let error: ZorBAError
  }

  private let path: String
  private let loading: SiteLoading
  private var opened: SiteJournal?
  private var replica: SiteReplica?
  private var terms: RoundTerms?
  private var timeline: ActivationTimeline?
  private var run = ""
  private var number = 1
  /// Whether the weights come from a snapshot, and so rest on the coordinator's word.
  private var weightsAreClaimed = false
  /// The payload of the header of the run's journal, as the coordinator said.
  private var header: [UInt8] = []
  /// The number of the dense round that is being fetched, and what came of it.
  private var fetching: UInt64?
  private var fetched: (round: DenseRound, changes: [UInt8])?

  /// - Parameters:
  ///   - path: The site's copy of the journal.
  ///   - loading: Loads the base model and the site's rows.
  init(path: String, loading: SiteLoading) {
    self.path = path
    self.loading = loading
  }

  /// The round at which the copy ends; nil when there is none.
  func lastRound() throws -> Int? {
    let journal = try journal()
    return journal.header == nil ? nil : journal.lastRound
  }

  /// Where the copy ends, for a Hello, and the payload of its header; empty without a copy.
  func position() throws -> (bytes: Int, chain: [UInt8], header: [UInt8]) {
    let journal = try journal()
    return (journal.byteCount, journal.chain?.bytes ?? [], journal.header?.encoded ?? [])
  }

  /// Learns which run this is and which of its sites; weights of another one are forgotten.
  func join(run: String, number: Int, header: [UInt8]) {
    if run != self.run || number != self.number || header != self.header { replica = nil }
    self.run = run
    self.number = number
    self.header = header
  }

  /// Puts the copy aside, and forgets the weights that followed from it.
  func putJournalAside() throws {
    replica = nil
    timeline = nil
    guard let opened else {
      // It may be the damage that keeps it from being opened.
      try SiteJournal.putAside(path)
      return
    }
    try opened.restart()
  }

  /// Where in the coordinator's journal to go on; a copy that is empty begins with the header.
  func beginFetch() throws -> Int {
    let journal = try journal()
    if journal.header == nil { try journal.begin(header: header) }
    journal.forgetUnfinished()
    return journal.nextOffset
  }

  /// Adds bytes that were fetched.
  func append(fetched bytes: [UInt8], at offset: Int) throws {
    try journal().append(fetched: bytes, at: offset)
  }

  /// Says at which round the copy ends now.
  func endFetch() throws -> Int { try journal().lastRound }

  /// Forgets the weights; they are made again.
  func forgetWeights() { replica = nil }

  /// Whether weights can be brought to where the journal ends without fetching any.
  var canCatchUp: Bool { replica != nil || loading.hasBase }

  /// Brings the weights to where the journal ends.
  ///
  /// - Parameter origin: Where they come from when they are not on the way.
  func catchUp(from origin: WeightOrigin = .base) throws -> Int {
    let journal = try journal()
    let replica = try self.replica ?? loaded(journal, from: origin)
    // Weights that stand between rounds must not be used again.
    self.replica = nil
    terms = try RoundTerms(replica.configuration)
    try journal.replay(into: replica)
    self.replica = replica
    return replica.lastRound
  }

  /// The base model and the rows; what is wrong with them is not the journal's fault.
  private func loaded(_ journal: SiteJournal, from origin: WeightOrigin) throws -> SiteReplica {
    weightsAreClaimed = if case .snapshot = origin { true } else { false }
    do {
      return try loading.load(
        journal, run: run, number: number, admitted: header, origin: origin)
    } catch let error as ZorBAError where error.code != .invalidJournal {
      throw LoadingFault(error: loading.withoutRows(error))
    }
  }

  /// What the coordinator hears of the site before it asks.
  func ready(round: Int, tellsAll: Bool) throws -> Zorba_V1_Ready {
    let replica = try current()
    let chain = try journal().chain?.bytes ?? []
    let costs = tellsAll ? try loading.costs(of: replica) : ""
    return .with {
      $0.lastRound = UInt64(round)
      $0.journalChain = Data(chain)
      guard tellsAll else { return }
      // Under secure aggregation a site's weight is part of what only the sum tells.
      if !replica.configuration.secureAggregation.isOn {
        $0.examples = UInt32(clamping: replica.examples)
      }
      $0.costs.costs = Data(costs.utf8)
    }
  }

  /// What a round asks of the site: its blocks, and among how many sites.
  func outline(_ ticket: RoundCoordinator.Ticket) throws -> RoundFacts {
    let plan = try plan(round: ticket.round)
    let matrix = plan.matrix(round: ticket.round)
    let blocks = terms?.blocks(of: number - 1, round: ticket.round, plan: plan) ?? []
    return RoundFacts(
      round: ticket.round, blocks: Set(blocks),
      cohort: (0..<matrix.clientCount).count { !matrix.isResting($0) },
      updateBytes: try current().updateBytes(ofBlocks: blocks), now: .now)
  }

  /// What secure aggregation asks of the site in a round; nil in runs in the clear.
  ///
  /// - Parameter group: Who is asked of the sites with the same blocks, as bits.
  /// - Throws: `ZorBAError` with code `refused` when they are none of this plan's.
  func secureOutline(
    _ ticket: RoundCoordinator.Ticket, _ group: [UInt8]
  ) throws -> SecureOutline? {
    let configuration = try current().configuration
    guard configuration.secureAggregation.isOn else { return nil }
    guard !weightsAreClaimed else {
      throw ZorBAError(
        .refused,
        "this site's weights come from the coordinator's snapshot, and answers are added up under masks",
        advice: "Restart the site: it then makes its weights from the base model and the journal.")
    }
    let peers = try plan(round: ticket.round).matrix(round: ticket.round).group(of: number - 1)
    return SecureOutline(
      configuration: configuration,
      members: try SecureOutline.members(of: peers, bits: group, member: number - 1),
      member: number - 1, state: try journal().chain.map { "\($0)" } ?? "")
  }

  /// Answers a round; nil when it was cancelled.
  func answer(
    _ ticket: RoundCoordinator.Ticket, digestBlock: Int?, isCancelled: () -> Bool
  ) throws -> Answer? {
    let replica = try current()
    let plan = try plan(round: ticket.round)
    let digest =
      try digestBlock.map { block in
        try replica.digests(ofBlocks: [block]).flatMap { $0.bytes.prefix(8) }
      } ?? []
    let blocks = terms?.blocks(of: number - 1, round: ticket.round, plan: plan) ?? []
    if replica.configuration.method.name.isFirstOrder {
      return try update(ticket, blocks: blocks, digest: digest, isCancelled: isCancelled)
    }
    let answer: SiteReplica.Answer
    do {
      answer = try replica.answer(
        round: ticket.round, blocks: blocks, isCancelled: isCancelled)
    } catch is CancellationError {
      return nil
    }
    return Answer(
      ticket: ticket, scalars: Array(answer.scalars.joined()),
      halves: replica.configuration.blocks.replanEvery > 0
        ? (answer.halves ?? []).flatMap { [$0.first, $0.second] } : [],
      examples: answer.examples, loss: answer.loss, seconds: answer.seconds,
      peakMemoryMiB: replica.configuration.differentialPrivacy == nil
        ? replica.peakMemory >> 20 : 0,
      blockDigest: digest,
      rows: replica.configuration.secureAggregation.isOn ? replica.examples : 0)
  }

  private func update(
    _ ticket: RoundCoordinator.Ticket, blocks: [Int], digest: [UInt8], isCancelled: () -> Bool
  ) throws -> Answer? {
    let replica = try current()
    let update: SiteReplica.Update
    do {
      update = try replica.update(
        round: ticket.round, blocks: blocks, isCancelled: isCancelled)
    } catch is CancellationError {
      return nil
    }
    return Answer(
      ticket: ticket, scalars: [], halves: [], examples: update.examples, loss: update.loss,
      seconds: update.seconds, peakMemoryMiB: replica.peakMemory >> 20, blockDigest: digest,
      update: update.change, updateDigest: update.change.digest)
  }

  /// Journals a commit, then applies it; one that the journal has already is passed over.
  func apply(_ commit: Zorba_V1_Commit) throws {
    let replica = try current()
    let journal = try journal()
    let round = Int(clamping: commit.round)
    guard let terms, journal.lastRound < round else { return }
    let committed = try terms.expand(
      CompactCommit(
        round: commit.round, participants: Array(commit.participants),
        coefficients: Array(commit.coefficients)), plan: plan(round: round))
    try journal.append(committed, expecting: commit.chain)
    self.replica = nil
    try replica.apply([committed])
    self.replica = replica
  }

  /// Where in the coordinator's journal a dense round begins; nil when the copy has it already.
  func beginCommit(_ commit: Zorba_V1_Commit) throws -> Int? {
    (fetching, fetched) = (nil, nil)
    let journal = try journal()
    journal.forgetUnfinished()
    guard journal.lastRound < Int(clamping: commit.round) else { return nil }
    fetching = commit.round
    return journal.nextOffset
  }

  /// Journals what was fetched of a dense round, and keeps it at hand; not what comes after a piece
  /// that could not be used.
  func append(fetched bytes: [UInt8], at offset: Int, of commit: Zorba_V1_Commit) throws {
    guard fetching == commit.round else { return }
    do {
      for record in try journal().append(fetched: bytes, at: offset) {
        switch record {
        case .dense(let round):
          fetched = (round, [])
          fetched?.changes.reserveCapacity(
            try current().updateBytes(ofBlocks: round.blocks))
        case .denseChunk(let chunk): fetched?.changes.append(contentsOf: chunk.bytes)
        default: break
        }
      }
    } catch {
      (fetching, fetched) = (nil, nil)
      throw error
    }
  }

  /// Whether a dense round is being fetched and nothing of it was refused.
  func isFetching(_ commit: Zorba_V1_Commit) -> Bool { fetching == commit.round }

  /// Applies a dense round that is in the journal.
  ///
  /// - Throws: `ZorBAError` with code `invalidJournal` when the journal does not end as was told, with
  ///   code `inputOutput` when it ends before the round does.
  func endCommit(_ commit: Zorba_V1_Commit) throws {
    defer { (fetching, fetched) = (nil, nil) }
    let replica = try current()
    let journal = try journal()
    guard journal.lastRound >= Int(clamping: commit.round) else {
      throw ZorBAError(
        .inputOutput, "the coordinator's journal ends before round \(commit.round)",
        advice: "The agent asks again over a new connection.")
    }
    guard journal.byteCount == Int(clamping: commit.journalBytes),
      journal.chain?.leadingWord == commit.chain
    else {
      throw ZorBAError(
        .invalidJournal, "round \(commit.round) is not what the coordinator told of it")
    }
    self.replica = nil
    if let fetched, fetched.round.number == commit.round {
      try replica.apply(fetched.round, changes: fetched.changes)
    } else {
      try journal.replay(into: replica)
    }
    self.replica = replica
  }

  /// Journals a record that is no round.
  func append(_ record: Zorba_V1_JournalRecord) throws {
    guard let type = UInt8(exactly: record.type) else {
      throw ZorBAError(.invalidJournal, "a record of type \(record.type) is unknown")
    }
    try journal().append(
      type: type, payload: Array(record.payload), expecting: record.chain)
  }

  /// Digests of all blocks, 16 bytes each.
  func stateDigests() throws -> [UInt8] { try current().stateDigest.blocks.flatMap(\.bytes) }

  /// The digest of all of the weights, for people.
  func stateDigestText() throws -> String { try "\(current().stateDigest.state)" }

  /// How well the model does on the site's own rows: metrics, never rows.
  ///
  /// - Parameters:
  ///   - minimum: Rows below which nothing is told, of a segment neither.
  ///   - segments: Whether segments may be told.
  func evaluate(
    round: UInt64, test: Bool, minimum: Int, segments: Bool
  ) throws -> Zorba_V1_Evaluation {
    let replica = try current()
    let least = segments ? minimum : nil
    // A site with one file of rows to evaluate uses it for both.
    let evaluation =
      try replica.evaluate(test ? .test : .validation, leastSegment: least)
      ?? replica.evaluate(test ? .validation : .test, leastSegment: least)
    return .with {
      $0.round = round
      guard let found = evaluation?.overall, found.examples >= minimum else {
        $0.absent = true
        return
      }
      $0.segments = Data(evaluation?.perSegment?.payload ?? [])
      $0.examples = UInt32(clamping: found.examples)
      $0.loss = found.loss
      $0.accuracy = found.accuracy ?? .nan
      $0.macroF1 = found.macroF1 ?? .nan
    }
  }

  private func plan(round: Int) throws -> ActivationPlan {
    let journal = try journal()
    // Plans are few and rounds many.
    if timeline == nil || timeline?.plans.count != journal.plans.count {
      timeline = try journal.timeline(
        clients: replica?.configuration.federation.sites.count ?? 0)
    }
    guard let plan = timeline?.plan(round: round) else {
      throw ZorBAError(.invalidJournal, "the journal has no plan for round \(round)")
    }
    return plan
  }

  private func current() throws -> SiteReplica {
    guard let replica else {
      throw ZorBAError(
        .invalidJournal, "the weights are not ready",
        advice: "The agent rebuilds them from the base model and the journal.")
    }
    return replica
  }

  private func journal() throws -> SiteJournal {
    if let opened { return opened }
    let fresh = try SiteJournal(path: path)
    opened = fresh
    return fresh
  }
}
