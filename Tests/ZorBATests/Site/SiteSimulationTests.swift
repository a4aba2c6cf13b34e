import Testing
import ZorBADiagnostics
import ZorBAJSON
import ZorBAJournal

@testable import ZorBA

/// Simulations of runs with sites: their names, their data, and answers that are lost.
@Suite struct SiteSimulationTests {
  @Test func clientsAreTheSites() throws {
    let run = try SiteRun()
    let result = try run.simulate()
    #expect(result.clients == ["ward-1", "ward-2", "ward-3"])
    #expect(result.history.allSatisfy { $0.clients.map(\.name) == result.clients })
    let header = try JournalReader(path: result.journalPath).header
    #expect(header.configuration["data"] == nil)
    #expect(header.configuration["federation"]?["sites"]?.array?.count == 3)
  }

  @Test func aSimulationNeedsAFileASite() throws {
    for count in [0, 1] {
      var run = try SiteRun()
      run.configuration.data.train = Array(run.configuration.data.train.prefix(count))
      let short = run
      let error = #expect(throws: ZorBAError.self) { try short.simulate() }
      #expect(error?.code == .invalidConfiguration && error?.location.field == "data.train")
    }
  }

  /// What is lost in one attempt is asked for again; what stays lost is left out once the quorum is
  /// there.
  @Test func lostAnswersAreAskedForAgain() throws {
    let run = try SiteRun { $0.federation.quorum = 0.6 }
    let result = try run.simulate { round, attempt, client in
      // One answer lost is borne, two are not; the third attempt has all.
      round == 2 ? client == 1 : round == 3 && attempt < 3 && client < 2
    }
    #expect(result.history.map(\.clients.count) == [3, 2] + Array(repeating: 3, count: 10))
    let plain = try SiteRun { $0.federation.quorum = 1 }
    var options = Simulation.Options()
    options.threads = 1
    options.drops = { round, attempt, _ in round == 4 && attempt < 3 }
    _ = try Simulation(plain.configuration, options: options).run()
    // Who is asked of three sites is the same in every attempt, so losses left no trace.
    var undisturbed = plain
    undisturbed.configuration.out += "-undisturbed"
    #expect(
      try contents(of: undisturbed.simulate().journalPath)
        == contents(of: RunFolder(path: plain.configuration.out).journal))
  }

  /// Too few answers in every attempt end the run so that it can be resumed, even with other rules.
  @Test func aRunWithoutQuorumIsResumed() throws {
    var run = try SiteRun { $0.federation.quorum = 1 }
    let loses: RoundDrops = { round, _, client in round == 5 && client == 0 }
    let lossy = run
    let error = #expect(throws: ZorBAError.self) { try lossy.simulate(drops: loses) }
    #expect(error?.code == .interrupted && error?.message.contains("round 5") == true)
    let journal = RunFolder(path: run.configuration.out).journal
    #expect(try JournalReader(path: journal).nextRounds().count == 4)
    run.configuration.federation.quorum = 0.5
    run.configuration.federation.attempts = 1
    run.configuration.federation.deadlineSeconds = 9
    var options = Simulation.Options()
    options.threads = 1
    options.drops = loses
    let result = try Simulation(run.configuration, options: options).run(resume: true)
    #expect(result.rounds == 12)
    #expect(result.history[4].clients.map(\.name) == ["ward-2", "ward-3"])
  }

  /// Runs without sites know one attempt, as ever.
  @Test func withoutSitesALossIsALoss() throws {
    let run = try TinyRun()
    var options = Simulation.Options()
    options.threads = 1
    options.drops = { round, attempt, client in
      #expect(attempt == 1)
      return round == 2 && client < 2
    }
    let result = try Simulation(run.configuration, options: options).run()
    #expect(result.history[1].clients.map(\.name) == ["c"])
    options.drops = { round, _, _ in round == 2 }
    var other = run.configuration
    other.out += "-lost"
    let lost = other
    let error = #expect(throws: ZorBAError.self) {
      try Simulation(lost, options: options).run()
    }
    #expect(error?.code == .interrupted)
  }
}
