import Testing
import ZorBAFederation
import ZorBAJSON
import ZorBAOptimization
import ZorBATestSupport

@testable import ZorBA

/// Sites in line are left in peace, sites out of line are named: over recorded runs of the bundled
/// demonstration, drawn anew again and again, and over made-up federations.
@Suite struct ContributionMonitorTests {
  /// Scalars of honest runs of eight sites, [rounds][sites][directions]: Tools/demo/record_scalars.py.
  private static func recorded(_ name: String) throws -> [[[Float]]] {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let value = try JSONParser.parse(
      contents(of: "/\(folder)/Goldens/honest-scalars.json"), file: "honest-scalars.json")
    let rounds = try #require(value[name]?.array)
    return try rounds.map { round in
      try #require(round.array).map { site in
        try #require(site.array).map { Float(try #require($0.double)) }
      }
    }
  }

  private struct Watch {
    var monitor: ContributionMonitor
    let plan: ActivationPlan
    let names: [String]

    init(sites: Int, change: (inout RunConfiguration) -> Void = { _ in }) throws {
      names = (1...sites).map { "s\($0)" }
      var run = RunConfiguration(model: "m", data: DataFiles(train: []))
      run.federation = FederationConfiguration(sites: names)
      change(&run)
      monitor = try ContributionMonitor(
        configuration: run, members: names.map { ($0, 1) })
      plan = ActivationPlan(fixed: try .full(clients: sites, blocks: 2))
    }

    mutating func observe(_ round: Int, _ scalars: [[Float]]) -> [ContributionAlarm] {
      monitor.observe(line(round, scalars), plan: plan)
    }

    func line(_ round: Int, _ scalars: [[Float]]) -> RoundMetrics {
      RoundMetrics(
        round: round, seconds: 0, loss: 1,
        clients: zip(names, scalars).map {
          .init(name: $0, loss: 1, scalars: $1, examples: 8, activeBlocks: 2)
        }, coveredBlocks: 2, bytesUp: 0, bytesDown: 0, peakMemoryBytes: 0)
    }
  }

  /// 200 rounds drawn with replacement from recorded ones.
  private func resampled(
    _ rounds: [[[Float]]], using generator: inout SeededGenerator
  ) -> [[[Float]]] {
    (0..<200).map { _ in rounds[Int.random(in: 0..<rounds.count, using: &generator)] }
  }

  /// At most one false alarm in a hundred federations of 200 rounds; there is none as recorded.
  @Test(arguments: ["skewed-1", "skewed-2", "uniform-1"])
  func honestSitesAreLeftInPeace(_ name: String) throws {
    let rounds = try Self.recorded(name)
    #expect(rounds.count == 200)
    var watch = try Watch(sites: 8)
    for (index, scalars) in rounds.enumerated() {
      #expect(watch.observe(index + 1, scalars).isEmpty)
    }
    var generator = SeededGenerator(seed: 21)
    var accused = 0
    for _ in 0..<100 {
      var watch = try Watch(sites: 8)
      for (index, scalars) in resampled(rounds, using: &generator).enumerated() {
        _ = watch.observe(index + 1, scalars)
      }
      if !watch.monitor.alarms.isEmpty { accused += 1 }
    }
    #expect(accused <= 1, "\(accused) of 100")
  }

  /// Scalars a thousand times too large are named within four rounds, whoever sends them.
  @Test(arguments: ["skewed-1", "uniform-1"])
  func hugeScalarsAreNamedAtOnce(_ name: String) throws {
    let rounds = try Self.recorded(name)
    for liar in 0..<8 {
      var watch = try Watch(sites: 8)
      for (index, scalars) in rounds.prefix(12).enumerated() {
        var scalars = scalars
        scalars[liar] = scalars[liar].map { 1000 * $0 }
        _ = watch.observe(index + 1, scalars)
      }
      let alarm = try #require(watch.monitor.alarms.first)
      #expect(watch.monitor.alarms.count == 1)
      #expect(alarm.kind == .large && alarm.client == "s\(liar + 1)" && alarm.round <= 5)
      #expect(watch.monitor.contributions[liar].normRatio ?? 0 > 100)
    }
  }

  /// Flipped signs show where answers agree at all. With data spread evenly a liar is named within 200
  /// rounds in at least nine of ten federations, and nobody else in more than one of twenty.
  @Test func flippedSignsAreNamed() throws {
    let rounds = try Self.recorded("uniform-1")
    var generator = SeededGenerator(seed: 22)
    var (named, slandered) = (0, 0)
    for trial in 0..<80 {
      let liar = trial % 8
      var watch = try Watch(sites: 8)
      for (index, scalars) in resampled(rounds, using: &generator).enumerated() {
        var scalars = scalars
        scalars[liar] = scalars[liar].map { -$0 }
        _ = watch.observe(index + 1, scalars)
      }
      let alarms = watch.monitor.alarms
      if alarms.contains(where: { $0.client == "s\(liar + 1)" && $0.kind == .disagreement }) {
        named += 1
      }
      if alarms.contains(where: { $0.client != "s\(liar + 1)" }) { slandered += 1 }
    }
    #expect(named >= 72, "\(named) of 80")
    #expect(slandered <= 4, "\(slandered) of 80")
  }

  /// Sites that agree with nobody are the hardest case of honesty: the bound n / h holds.
  @Test func sitesWithoutAnythingInCommonAreLeftInPeace() throws {
    var generator = SeededGenerator(seed: 23)
    var accused = 0
    for _ in 0..<60 {
      var watch = try Watch(sites: 8)
      for round in 1...200 {
        _ = watch.observe(
          round,
          (0..<8).map { _ in (0..<2).map { _ in Float.random(in: -1...1, using: &generator) } })
      }
      if !watch.monitor.alarms.isEmpty { accused += 1 }
    }
    // 8 x 200 / 10^4 = 0.16 of 60 federations is the bound of Ville's inequality.
    #expect(accused <= 10, "\(accused) of 60")
  }

  /// What was recorded says the same again, through the text that it was recorded as.
  @Test(arguments: [AggregationConfiguration.Rule.mean, .median, .normClipped])
  func whatWasRecordedSaysTheSame(_ rule: AggregationConfiguration.Rule) throws {
    let rounds = try Self.recorded("skewed-2")
    var whole = try Watch(sites: 8) { $0.aggregation.rule = rule }
    var again = try Watch(sites: 8) { $0.aggregation.rule = rule }
    for (index, scalars) in rounds.enumerated() {
      var scalars = scalars
      scalars[6] = scalars[6].map { -$0 }
      if index > 150 { scalars[2] = [0, 0, 0] }
      let line = whole.line(index + 1, scalars)
      let found = whole.monitor.observe(line, plan: whole.plan)
      let text = line.json.serialized
      let read = try #require(RoundMetrics(json: JSONParser.parse(Array(text.utf8), file: "line")))
      #expect(again.monitor.observe(read, plan: again.plan) == found)
    }
    #expect(again.monitor.contributions == whole.monitor.contributions)
    #expect(whole.monitor.alarms.contains { $0.client == "s7" && $0.kind == .disagreement })
    #expect(whole.monitor.alarms.contains { $0.client == "s3" && $0.kind == .small })
  }

  /// Influence is how far the coefficients would move without the site.
  @Test func influenceIsWhatWouldBeMissing() throws {
    var watch = try Watch(sites: 4)
    for round in 1...50 { _ = watch.observe(round, [[4], [0], [0], [0]]) }
    let found = watch.monitor.contributions
    // The mean is 1 with the first site, 0 without; 4/3 without one of the others.
    #expect(abs((found[0].influence ?? 0) - 1) < 1e-9)
    #expect(abs((found[1].influence ?? 0) - 1.0 / 3) < 1e-9)
    var median = try Watch(sites: 5) { $0.aggregation.rule = .median }
    for round in 1...20 { _ = median.observe(round, [[1], [1], [1], [1], [1e6]]) }
    #expect(median.monitor.contributions.map(\.influence) == [0, 0, 0, 0, 0])
  }

  /// Own directions have no agreement, and answers that nobody sees have no figures at all.
  @Test func whatCannotBeComparedIsNot() throws {
    var own = try Watch(sites: 3) { $0.method.seeding = .perClient }
    for round in 1...5 { _ = own.observe(round, [[1], [-2], [3]]) }
    #expect(own.monitor.contributions.allSatisfy { $0.agreement == nil && $0.normRatio != nil })
    var hidden = try Watch(sites: 3)
    for round in 1...5 { _ = hidden.observe(round, [[], [], []]) }
    #expect(
      hidden.monitor.contributions.allSatisfy {
        $0.answered == 1 && $0.agreement == nil && $0.normRatio == nil && $0.influence == nil
      })
  }
}
