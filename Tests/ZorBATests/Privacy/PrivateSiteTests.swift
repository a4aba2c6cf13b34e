import Foundation
import Testing
import ZorBADiagnostics
import ZorBAJournal
import ZorBAOptimization
import ZorBAPrivacy
import ZorBATensor

@testable import ZorBA
@testable import ZorBAConfiguration

@Suite struct PrivateSiteTests {
  private static func run(
    sites: Int = 3, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> SiteRun {
    try SiteRun(sites: sites) {
      $0.differentialPrivacy = DifferentialPrivacyConfiguration(epsilon: 5)
      $0.method.directions = 2
      $0.rounds = 4
      change(&$0)
    }
  }

  private static func header(_ run: SiteRun) throws -> JournalHeader {
    let configuration = run.configuration
    return try ModelCard(
      ofCheckpoint: configuration.model, precision: configuration.precision,
      context: ComputeContext(threads: 1)
    ).journalHeader(of: configuration)
  }

  private static func replica(
    _ run: SiteRun, folder: TemporaryFolder, name: String = "r", specification: String = "aa",
    total: Double? = nil, done: Int = 0, answers: PrivateAnswers? = nil
  ) throws -> SiteReplica {
    let header = try header(run)
    return try SiteReplica(
      header: header,
      configuration: RunFile.parse(
        header: header, model: run.configuration.model,
        data: DataFiles(train: [run.configuration.data.train[0]], validation: nil, test: nil)),
      siteNumber: 1, context: ComputeContext(threads: 1),
      privacy: SitePrivacy(
        ledger: try PrivacyLedger(folder: folder.path),
        answers: try answers ?? PrivateAnswers(folder: folder.path), run: name,
        specification: specification, total: total, done: done))
  }

  @Test func aSiteAnswersInPrivateAndOnceARound() throws {
    let folder = try TemporaryFolder()
    let run = try Self.run()
    let first: SiteReplica.Answer
    do {
      let replica = try Self.replica(run, folder: folder)
      let answer = try replica.answer(round: 1, blocks: [1, 2])
      first = answer
      #expect(answer.loss == 0 && answer.halves == nil && answer.seconds == 0)
      #expect(answer.examples == 2 && answer.scalars.map(\.count) == [2])
      // The same attempt again: what left may leave again.
      #expect(try replica.answer(round: 1, blocks: [1, 2]) == answer)
      #expect(replica.privacy?.meter.count == 1)
      // Cancelled, nothing leaves and nothing is charged.
      #expect(throws: CancellationError.self) {
        try replica.answer(round: 1, blocks: [1]) { true }
      }
      #expect(replica.privacy?.meter.count == 1)
    }
    // A site that was killed says what it said, at no further cost.
    do {
      let replica = try Self.replica(run, folder: folder)
      #expect(try replica.answer(round: 1, blocks: [1, 2]) == first)
      #expect(replica.privacy?.meter.count == 1)
    }
    // Asked otherwise, it draws anew, and that costs.
    do {
      let replica = try Self.replica(run, folder: folder)
      #expect(try replica.answer(round: 1, blocks: [1]) != first)
      #expect(replica.privacy?.meter.count == 2)
    }
    // So does an answer that another run of this name was given.
    let other = try Self.run { $0.seed = 99 }
    let replica = try Self.replica(other, folder: folder)
    #expect(try replica.answer(round: 1, blocks: [1]).scalars != first.scalars)
    #expect(replica.privacy?.meter.count == 3)
  }

  /// Killed between keeping an answer and charging it, a site charges it before it leaves.
  @Test func anAnswerThatWasKeptAndNotChargedIsCharged() throws {
    let (folder, before) = (try TemporaryFolder(), try TemporaryFolder())
    let run = try Self.run()
    let first = try Self.replica(run, folder: folder).answer(round: 1, blocks: [1])
    // The answer is there, the ledger is that of a moment before.
    _ = try PrivacyLedger(folder: before.path)
    try FileManager.default.copyItem(
      atPath: folder.path("privacy-answers.json"), toPath: before.path("privacy-answers.json"))
    for _ in 0..<2 {
      let replica = try Self.replica(run, folder: before)
      #expect(replica.privacy?.meter.count ?? 9 <= 1)
      #expect(try replica.answer(round: 1, blocks: [1]).scalars == first.scalars)
      #expect(replica.privacy?.meter.count == 1)
    }
  }

  /// Where noise is added in shares, a second answer to a round would show by the difference of two sums.
  @Test func sharesOfNoiseAreNeverDrawnTwice() throws {
    let folder = try TemporaryFolder()
    let run = try Self.run(sites: 5) {
      $0.federation.weights = .uniform
      $0.secureAggregation.mode = .on
      $0.differentialPrivacy?.noise = .distributed
      $0.differentialPrivacy?.shares = 2
      $0.differentialPrivacy?.noiseMultiplier = 4
    }
    let first = try Self.replica(run, folder: folder).answer(round: 1, blocks: [1, 2])
    let replica = try Self.replica(run, folder: folder)
    let error = #expect(throws: ZorBAError.self) { try replica.answer(round: 1, blocks: [1]) }
    #expect(error?.code == .refused && error?.message.contains("nothing is answered twice") == true)
    #expect(try replica.answer(round: 1, blocks: [1, 2]) == first)
    #expect(replica.privacy?.meter.count == 1)
    // Nor is an earlier round answered after a later one.
    let answers = try PrivateAnswers(folder: folder.path)
    var later = try #require(answers.latest(run: "r"))
    later.round = 3
    try answers.keep(later)
    #expect(throws: ZorBAError.self) {
      try Self.replica(run, folder: try TemporaryFolder(), answers: answers)
        .answer(round: 1, blocks: [1, 2])
    }
  }

  @Test func withoutALedgerNothingIsPromised() throws {
    let run = try Self.run()
    let header = try Self.header(run)
    let error = #expect(throws: ZorBAError.self) { try run.replica(1, of: header) }
    #expect(error?.code == .refused)
  }

  @Test func theSiteStopsAtItsOwnLimitOverAllRuns() throws {
    let folder = try TemporaryFolder()
    let run = try Self.run()
    do {
      let first = try Self.replica(run, folder: folder, name: "first", total: 6)
      _ = try first.answer(round: 1, blocks: [1])
    }
    do {
      let ledger = try PrivacyLedger(folder: folder.path)
      var more = try #require(ledger.state.entries(of: SitePrivacy.account).first)
      #expect(more.run == "first" && more.count == 1)
      more.run = "other"
      more.specification = "bb"
      more.count = 6
      try ledger.charge([(SitePrivacy.account, more)])
    }
    // What others took is taken: the same run, fresh, would have fitted.
    let error = #expect(throws: ZorBAError.self) {
      try Self.replica(run, folder: folder, name: "second", specification: "cc", total: 6)
    }
    #expect(error?.code == .refused && error?.message.contains("all runs") == true)
    _ = try Self.replica(run, folder: try TemporaryFolder(), name: "second", total: 6)
  }

  /// A coordinator that calls a run by another name gets no more of it.
  @Test func aNewNameIsNoNewRun() throws {
    let folder = try TemporaryFolder()
    let run = try Self.run()
    do {
      let first = try Self.replica(run, folder: folder, name: "first")
      _ = try first.answer(round: 1, blocks: [1])
    }
    do {
      let ledger = try PrivacyLedger(folder: folder.path)
      var more = try #require(ledger.state.entries(of: SitePrivacy.account).first)
      more.count = 30
      try ledger.charge([(SitePrivacy.account, more)])
    }
    let error = #expect(throws: ZorBAError.self) {
      try Self.replica(run, folder: folder, name: "second")
    }
    #expect(error?.code == .refused)
    #expect(error?.message.contains("bring the run to epsilon") == true)
    _ = try Self.replica(run, folder: folder, name: "second", specification: "bb")
  }

  @Test func aRunBeyondTheSitesLimitIsRefusedAtItsStart() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: ZorBAError.self) {
      try Self.replica(try Self.run(), folder: folder, total: 2)
    }
    #expect(error?.code == .refused)
    #expect(error?.message.contains("all runs") == true)
    let state = try PrivacyLedger.read(folder: folder.path)
    #expect(state?.accounts.isEmpty == true)
  }

  /// Charges of answers that nobody saw use up the spare rounds; then the site answers no more.
  @Test func noRoundIsAnsweredPastTheRunsEpsilon() throws {
    let folder = try TemporaryFolder()
    let run = try Self.run { $0.differentialPrivacy?.spareRounds = 0 }
    var answered = 0
    let error = #expect(throws: ZorBAError.self) {
      for _ in 0..<12 {
        // Killed after each answer, which was forgotten, with the journal at the last round: one round
        // is left of four.
        let replica = try Self.replica(run, folder: folder, done: 3, answers: PrivateAnswers())
        _ = try replica.answer(round: 1, blocks: [1])
        answered += 1
      }
    }
    #expect(error?.code == .refused)
    #expect(answered >= 4 && answered < 8, "\(answered)")
    let entries = try PrivacyLedger.read(folder: folder.path)?.entries(of: SitePrivacy.account)
    #expect(PrivacySpending(try #require(entries), delta: 1e-5).epsilon() <= 5)
  }
}
