import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAOptimization
import ZorBAPlanning
import ZorBATensor

@testable import ZorBA

/// What the planner is told of a run's clients, and what a run says of it afterwards.
@Suite struct RunCostsTests {
  private func tiny(
    _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> TinyRun { try TinyRun(TinyCheckpoint(layers: 4), change: change) }

  private func sites(
    _ run: PreparedRun, calibrations: [SiteCalibration?] = [], streamed: Bool? = true
  ) throws -> [SiteCosts] {
    try RunCosts.sites(
      run.configuration, loaded: run.loaded, clients: run.clients, calibrations: calibrations,
      isStreamed: streamed)
  }

  @Test func everyClientHasCostsThatGrow() throws {
    for outer in [false, true] {
      let run = try tiny {
        $0.blocks.outer = outer
        $0.method.localSteps = 2
        $0.method.seeding = .perClient
      }.prepared()
      let sites = try sites(run)
      #expect(sites.count == run.clients.count)
      for site in sites {
        let last = [false, false, false, true]
        let first = [true, false, false, false]
        let all = [true, true, true, true]
        #expect(site.memory(last) < site.memory(all))
        #expect(site.seconds(all) > site.seconds(first))
        // Where everything is computed in every branch it makes no difference where a row begins.
        if outer {
          #expect(abs(site.seconds(first) / site.seconds(last) - 1) < 0.2)
        } else {
          #expect(site.seconds(first) > site.seconds(last))
        }
      }
    }
  }

  @Test func withoutStreamingOnlySnapshotsDependOnTheRow() throws {
    let one = try sites(tiny().prepared(), streamed: nil)
    #expect(one.allSatisfy { $0.residentBytes.allSatisfy { $0 == 0 } })
    let two = try sites(tiny { $0.method.localSteps = 2 }.prepared(), streamed: nil)
    #expect(two.allSatisfy { $0.residentBytes.allSatisfy { $0 > 0 } })
  }

  @Test func aCalibrationIsTakenWhereThereIsOneAndMustFit() throws {
    let files = try tiny()
    let run = try files.prepared()
    let path = run.configuration.model
    var options = Calibration.Options()
    options.batch = 2
    options.sequence = 8
    options.seconds = 0
    options.folder = files.folder.path
    let calibration = try Calibration(
      path: path, context: run.context, options: options
    ).run().calibration
    let plain = try sites(run)
    let mixed = try sites(run, calibrations: [nil, calibration])
    #expect(
      mixed[0].seconds([true, true, true, true]) == plain[0].seconds([true, true, true, true]))
    #expect(mixed[1].residentBytes == plain[1].residentBytes)
    #expect(mixed[1].suffixSeconds != plain[1].suffixSeconds)
    let other = SiteCalibrationTests.sample()
    let error = #expect(throws: ZorBAError.self) { try sites(run, calibrations: [other]) }
    #expect(error?.code == .invalidConfiguration)
  }

  // MARK: - Forecasts

  private func history(
    _ rounds: Int, seconds: (_ round: Int, _ active: Int) -> Double
  ) -> [RoundMetrics] {
    (1...rounds).map { round in
      let active = [round % 4 + 1, (round / 4) % 4 + 1]
      return RoundMetrics(
        round: round, seconds: seconds(round, active[0] + active[1]), loss: 1,
        clients: active.enumerated().map {
          .init(name: "\($0)", loss: 1, scalars: [1], examples: 2, activeBlocks: $1)
        }, coveredBlocks: 4, bytesUp: 0, bytesDown: 0, peakMemoryBytes: 0)
    }
  }

  @Test func theFirstRoundsPredictTheOthers() throws {
    #expect(RoundForecast(firstRoundsOf: history(29) { _, _ in 1 }) == nil)
    let steady = try #require(
      RoundForecast(
        firstRoundsOf: history(60) { round, active in
          // The first round and two others are held up.
          (0.1 + 0.02 * Double(active)) * ([1, 5, 50].contains(round) ? 9 : 1)
        }))
    #expect(steady.error.magnitude < 0.01)
    #expect(steady.source.rawValue == "forecast_from_first_rounds")
    let slower = try #require(
      RoundForecast(firstRoundsOf: history(60) { round, _ in round > 20 ? 2 : 1 }))
    #expect(abs(slower.error + 0.5) < 0.01)
  }

  @Test func calibratedForecastsAddUpTheClients() throws {
    let plan = ActivationPlan(
      fixed: try ActivationMatrix(rows: [[true, false], [true, true]]))
    let site = SiteCosts(
      fixedBytes: 0, residentBytes: [0, 0], fixedSeconds: 1, prefixSeconds: [0, 0],
      suffixSeconds: [1, 1], activeSeconds: [0.5, 0.5])
    let forecast = try #require(
      RoundForecast(
        history: history(5) { _, _ in 8 }, clients: ["0", "1"], plan: plan,
        answers: [site, site]))
    #expect(forecast.predictedSeconds == 3.5 + 4)
    #expect(forecast.measuredSeconds == 8 && forecast.source == .calibration)
  }

  @Test func resultsSayHowFarPredictionsWereOff() throws {
    var result = RunResult(model: "model", rounds: 0)
    result.peakBytes = 100
    result.predictedPeakBytes = 112
    #expect(abs((result.json["memory"]?["error"]?.double ?? 0) - 0.12) < 1e-12)
    #expect(result.json["time"]?.isNull == true)
    result.history = history(40) { _, _ in 0.5 }
    let time = try #require(result.json["time"])
    #expect(abs((time["predicted_round_seconds"]?.double ?? 0) - 0.5) < 1e-6)
    #expect(time["measured_round_seconds"]?.double == 0.5)
    #expect(time["source"]?.string == "forecast_from_first_rounds")
    #expect((time["error"]?.double ?? 1).magnitude < 1e-6)
  }
}
