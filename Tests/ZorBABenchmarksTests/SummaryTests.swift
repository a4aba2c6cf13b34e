import Testing
import ZorBA
import ZorBADiagnostics
import ZorBAJSON
import ZorBAReport

@testable import ZorBABenchmarks

@Suite struct SummaryTests {
  /// What a run left, read figure by figure.
  @Test func partsSayWhatRunsShowed() {
    let part = PartMeasurement.sample(accuracy: 0.625, seconds: 8)
    #expect(part.after.accuracy == 0.625 && part.before?.accuracy == 0.25)
    #expect(part.seconds == 8 && part.forwardPasses == 16)
    #expect(part.curve.map(\.round) == [0, 2, 4])
    #expect(part.curve.map(\.seconds) == [0, 4, 8])
    #expect(part.curve.map(\.accuracy) == [0.25, 0.375, 0.625])
    #expect(
      part.accuracyBySite == [.init(site: "a", accuracy: 0.75), .init(site: "b", accuracy: 0.125)])
  }

  @Test func aRunWithoutEvaluationIsAnError() {
    let error = #expect(throws: ZorBAError.self) {
      _ = try PartMeasurement(
        result: ["rounds": 1], rounds: [],
        usage: ProcessUsage(wallSeconds: 1, cpuSeconds: 1, peakBytes: 1), file: "result.json")
    }
    #expect(error?.advice?.contains("data.test") == true)
  }

  /// Isolated sites: means of quality, sums of work, the largest memory, nothing on the wire.
  @Test func isolatedSitesAreTakenTogether() {
    let parts = [
      PartMeasurement.sample(accuracy: 0.5, seconds: 8, clients: ["a"]),
      PartMeasurement.sample(accuracy: 1, seconds: 12, clients: ["b"]),
    ]
    let cell = CellMeasurement(parts, regime: .isolated, published: .dense, jobs: 2)
    #expect(cell.accuracy == 0.75 && cell.seconds == 20 && cell.forwardPasses == 32)
    #expect(cell.traffic == nil && cell.usage.cpuSeconds == 72 && cell.peakBytes == 1000)
    #expect(cell.sites.map(\.own) == [0.75, 0.125])
    #expect(cell.worstSite?.name == "b" && cell.ownAccuracy == 0.4375)
    #expect(cell.curve.map(\.seconds) == [0, 10, 20])
    #expect(cell.curve.last?.accuracy == 0.75)
    let federated = CellMeasurement([parts[0]], regime: .federated, published: .dense, jobs: 1)
    #expect(federated.traffic?.publishedPerClientRound == 800)
    #expect(federated.traffic?.perClientRound == 36)
  }

  @Test func energyIsCountedOrEstimated() {
    var energy = EnergyAssumptions()
    energy.wattsPerCore = 5
    energy.gramsPerKilowattHour = 360
    var usage = ProcessUsage(wallSeconds: 1, cpuSeconds: 20, peakBytes: 1)
    #expect(energy.joules(of: usage) == 100)
    usage.joules = 36
    #expect(energy.joules(of: usage) == 36)
    #expect(abs(energy.grams(joules: 3.6e6) - 360) < 1e-9)
  }

  @Test func curvesAreReadBetweenEvaluations() {
    let cell = SampleRun.measurement(accuracy: 0.625, seconds: 8)
    #expect(cell.accuracy(atRound: 2) == 0.375)
    #expect(cell.accuracy(atRound: 3) == 0.5)
    #expect(cell.accuracy(atRound: 9) == 0.625)
    #expect(cell.accuracy(atSecond: 0) == 0.25)
    #expect(cell.accuracy(atSecond: 6) == 0.5)
  }

  private func summary() throws -> BenchmarkSummary {
    var suite = try SampleSuite.parse()
    suite.tasks = [suite.tasks[0]]
    let cells = try SampleSuite.cells(suite)
    let outcomes = cells.map { cell -> CellOutcome in
      if cell.method == "mezo", cell.regime == .isolated {
        return CellOutcome(cell: cell, ending: .failed("no | memory"))
      }
      let accuracy = cell.method == "wide" ? 0.75 : cell.seed == 1 ? 0.25 : 0.5
      return CellOutcome(
        cell: cell,
        ending: .measured(
          SampleRun.measurement(accuracy: accuracy, seconds: cell.method == "wide" ? 4 : 8)))
    }
    return BenchmarkSummary(suite, outcomes: outcomes, planned: cells)
  }

  @Test func seedsAreAveraged() throws {
    let summary = try summary()
    #expect(summary.comparisons.map(\.alpha) == [0.1, 10])
    let rows = summary.comparisons[0].rows
    #expect(
      rows.map { "\($0.regime.rawValue) \($0.method)" } == [
        "isolated zorba", "isolated mezo", "centralised zorba", "centralised mezo",
        "federated zorba", "federated wide",
      ])
    let zorba = try #require(rows.first { $0.method == "zorba" && $0.regime == .federated })
    let accuracy = try #require(zorba.figures[.accuracy])
    #expect(accuracy.mean == 0.375 && accuracy.count == 2)
    // Deviation 0.125 sqrt(2), error 0.125, t(1) = 12.7062.
    #expect(abs((accuracy.halfWidth ?? 0) - 12.7062 * 0.125) < 1e-4)
    // The other method was twice as fast, so both are compared after its four seconds.
    #expect(
      summary.comparisons[0].budgets[.federated] == .init([[SampleRun.measurement(seconds: 4)]]))
    #expect(zorba.figures[.accuracyAtEqualSeconds]?.mean == 0.375)
    #expect(zorba.figures[.joules]?.mean == 360)
    let failed = try #require(rows.first { $0.method == "mezo" && $0.regime == .isolated })
    #expect(failed.seeds == 0 && failed.failed == 2 && failed.figures.isEmpty)
    #expect(summary.failures.count == 4)
  }

  /// Equal results give equal files, whatever order dictionaries have.
  @Test func filesAreReproducible() throws {
    let first = try summary()
    let second = try summary()
    #expect(first.json.serialized == second.json.serialized)
    #expect(BenchmarkReport(first).html() == BenchmarkReport(second).html())
    #expect(BenchmarkReport(first).markdown() == BenchmarkReport(second).markdown())
  }

  @Test func resultsHaveEveryFigure() throws {
    let json = try summary().json
    let row = try #require(json["comparisons"]?.array?.first?["rows"]?.array?.first)
    for figure in Figure.allCases { #expect(row[figure.rawValue] != nil, "\(figure)") }
    #expect(row["energy"]?.string == "estimate")
    #expect(json["failures"]?.array?.count == 4)
  }

  @Test func theReportTellsAllOfIt() throws {
    let report = BenchmarkReport(try summary())
    let text = report.markdown()
    for part in [
      "# Benchmark: sample", "## Mood, Dirichlet 0.1", "## Mood, Dirichlet 10.0", "### Quality",
      "### At equal rounds and at equal seconds", "### Cost", "### Accuracy by site",
      "| Wide | federated | 75.0 ± 0.0 % |", "(estimate)", "## Cells that failed",
      "no \\| memory", "95 % confidence", "Global Electricity Review",
    ] {
      #expect(text.contains(part), "\(part)\n\(text)")
    }
    let page = report.html()
    for part in ["c1-accuracy", "c2-bytes", "c1-memory", "c1-worst", "c1-federated-rounds"] {
      #expect(page.contains("id=\"\(part)-title\""), "\(part)")
    }
    #expect(report.terminalText().contains("Wide"))
  }
}
