import Testing
import ZorBADiagnostics
import ZorBAJSON

@testable import ZorBA

/// Worst groups, drift, and who gains and loses.
@Suite struct FairnessTests {
  private static func figures(
    _ accuracy: Double?, loss: Double = 1, examples: Int = 100
  ) -> Evaluation.Figures {
    .init(accuracy: accuracy, macroF1: accuracy, loss: loss, examples: examples)
  }

  private static func evaluation(
    _ overall: Double?, loss: Double = 1, sites: [(String, Double?, Int)] = [],
    segments: [(String, Double?, Int)] = []
  ) -> Evaluation {
    var evaluation = Evaluation(
      overall: figures(overall, loss: loss, examples: 1000),
      perClient: sites.map { ($0.0, figures($0.1, examples: $0.2)) })
    if !segments.isEmpty {
      evaluation.perSegment = SegmentTable(
        rows: segments.map { .init(name: $0.0, figures: figures($0.1, examples: $0.2)) })
    }
    return evaluation
  }

  @Test func theWorstGroupAndItsGap() throws {
    let evaluation = Self.evaluation(
      0.7, sites: [("a", 0.8, 50), ("b", 0.5, 50), ("c", 0.1, 3), ("d", 0.5, 50)],
      segments: [("x", 0.9, 20), ("y", 0.6, 20)])
    let sites = try #require(evaluation.siteGap(minimumCount: 10))
    #expect(sites.worst == "b" && sites.best == "a" && abs(sites.gap - 0.3) < 1e-12)
    #expect(evaluation.siteGap(minimumCount: 1)?.worst == "c")
    #expect(evaluation.segmentGap?.worst == "y" && evaluation.segmentGap?.measure == .accuracy)
    #expect(Self.evaluation(0.7, sites: [("a", 0.8, 50)]).siteGap(minimumCount: 1) == nil)
    let losses = try #require(
      GroupGap([("p", Self.figures(nil, loss: 3)), ("q", Self.figures(nil, loss: 2))]))
    #expect(losses.measure == .loss && losses.worst == "p" && losses.gap == 1)
    #expect(losses.worstValue == 3 && losses.bestValue == 2)
  }

  /// A group that falls behind while the whole improves is named once, until it comes back.
  @Test func driftIsNamed() throws {
    var monitor = DriftMonitor(FairnessConfiguration())
    func observe(
      _ round: Int, _ overall: Double, _ group: Double, rows: Int = 200, series: String = "test"
    ) -> [DriftAlarm] {
      monitor.observe(
        Self.evaluation(
          overall, sites: [("east", group, rows), ("west", 0.9, rows)],
          segments: [("old", group, rows)]),
        round: round, series: series)
    }
    #expect(observe(0, 0.6, 0.8).isEmpty)
    #expect(observe(10, 0.65, 0.75).isEmpty)
    let alarms = observe(20, 0.7, 0.65)
    #expect(alarms.map(\.group) == [.site, .segment] && alarms.map(\.name) == ["east", "old"])
    let text = try #require(alarms.first?.text)
    for part in ["'east'", "0.65", "0.8", "round 0", "0.7", "0.6"] {
      #expect(text.contains(part), "\(text)")
    }
    #expect(observe(30, 0.75, 0.6).isEmpty, "once")
    #expect(observe(40, 0.75, 0.78).isEmpty)
    #expect(observe(50, 0.8, 0.6).count == 2, "again, after it came back")
    #expect(
      observe(60, 0.8, 0.2, series: "validation").isEmpty, "other rows have a best of their own")
    #expect(monitor.alarms.count == 4)
  }

  /// The whole falling too is no drift of a group, and few rows go up and down by chance.
  @Test func chanceIsNotDrift() {
    var monitor = DriftMonitor(FairnessConfiguration())
    let first = Self.evaluation(0.6, sites: [("a", 0.8, 200), ("b", 0.8, 12), ("c", 0.9, 9)])
    #expect(monitor.observe(first, round: 0, series: "").isEmpty)
    let worse = Self.evaluation(0.5, sites: [("a", 0.4, 200)])
    #expect(monitor.observe(worse, round: 1, series: "").isEmpty)
    let few = Self.evaluation(0.7, sites: [("b", 0.6, 12), ("c", 0.1, 9)])
    #expect(monitor.observe(few, round: 2, series: "").isEmpty)
    var losses = DriftMonitor(FairnessConfiguration())
    func loss(_ overall: Double, _ group: Double) -> Evaluation {
      var evaluation = Self.evaluation(nil, loss: overall)
      evaluation.perClient = [("a", Self.figures(nil, loss: group))]
      return evaluation
    }
    #expect(losses.observe(loss(2, 1), round: 0, series: "").isEmpty)
    let alarms = losses.observe(loss(1.5, 1.2), round: 1, series: "")
    #expect(alarms.count == 1 && alarms[0].best == 1 && alarms[0].now == 1.2)
  }

  @Test func whoGainsAndWhoLoses() throws {
    var result = RunResult(model: "m", rounds: 1)
    #expect(result.againstAlone.isEmpty)
    result.after = Self.evaluation(0.7, sites: [("a", 0.8, 50), ("b", 0.5, 50), ("d", 0.4, 50)])
    result.alone = [
      ("a", Self.evaluation(0.5, sites: [("a", 0.6, 50), ("b", 0.9, 50)])),
      ("b", Self.evaluation(0.5, sites: [("a", 0.6, 50), ("b", 0.75, 50)])),
      ("c", Self.evaluation(0.7)),
      ("d", Self.evaluation(0.5, sites: [("d", 0.4, 50)])),
    ]
    let rows = result.againstAlone
    #expect(rows.map(\.client) == ["b", "c", "d", "a"])
    #expect(rows.map(\.verdict) == [.loses, .level, .level, .gains])
    #expect(abs(rows[0].gain + 0.25) < 1e-12 && abs(rows[3].gain - 0.2) < 1e-12)
    let json = try #require(result.json["fairness"])
    #expect(json["against_alone"]?.array?.count == 4)
    #expect(json["sites"]?["worst"]?["name"]?.string == "d")
    #expect(json["segments"] == .null)
  }

  /// From rows with a column to `result.json`, and through an interruption.
  @Test func segmentsAreReportedEndToEnd() throws {
    var run = try TinyRun {
      $0.fairness = FairnessConfiguration()
      $0.fairness?.segment = "age"
      $0.fairness?.minimumCount = 3
    }
    let rows = TinyRun.rows(20, seed: 4).split(separator: "\n").enumerated().map { index, row in
      let age = index < 9 ? "young" : index < 17 ? "old" : index < 19 ? "unknown" : nil
      return row.dropLast() + (age.map { ", \"age\": \"\($0)\"}\n" } ?? ", \"age\": null}\n")
    }
    let test = try run.folder.write(rows.joined(), to: "segments.jsonl")
    run.configuration.data.test = test
    run.configuration.data.validation = test
    let result = try run.run()
    let table = try #require(result.after?.perSegment)
    // "" and "unknown" hold 1 and 2 rows, 3 together.
    #expect(table.rows.map(\.name) == ["", "old", "unknown", "young"])
    #expect(table.told.map(\.name) == ["old", "young"])
    #expect(table.told.map(\.figures.examples) == [8, 9])
    #expect(result.evaluations.allSatisfy { $0.evaluation.perSegment?.told.count == 2 })
    #expect(result.json["fairness"]?["segments"]?["worst"]?["name"]?.string != nil)
    #expect(result.json["evaluation"]?["after"]?["per_segment"]?["unknown"] == .null)
    let whole = try RunTrace(result, out: run.configuration.out)
    let out = run.folder.path("part")
    _ = try run.run(stop: 3, out: out)
    #expect(try RunTrace(run.run(resume: true, out: out), out: out) == whole)
  }

  @Test func segmentsMustBeNames() throws {
    var run = try TinyRun {
      $0.fairness = FairnessConfiguration()
      $0.fairness?.segment = "age"
    }
    let rows = TinyRun.rows(6, seed: 4).split(separator: "\n").map {
      $0.dropLast() + ", \"age\": [1]}\n"
    }
    run.configuration.data.test = try run.folder.write(rows.joined(), to: "segments.jsonl")
    let error = #expect(throws: ZorBAError.self) { try run.run() }
    #expect(error?.code == .invalidData && error?.location.field == "age")
  }
}
