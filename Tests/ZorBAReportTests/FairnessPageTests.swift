import Testing
import ZorBATestSupport

@testable import ZorBAReport

/// What the page says of groups, gains and contributions.
@Suite struct FairnessPageTests {
  private static var fairness: RunReport.Fairness {
    var fairness = RunReport.Fairness()
    fairness.minimumCount = 10
    fairness.segments = [
      .init(name: "north", metrics: .init(accuracy: 0.75, macroF1: 0.7, loss: 0.5, examples: 40)),
      .init(name: "", metrics: nil), .init(name: "<b>south", metrics: nil),
    ]
    fairness.gaps = [
      .init(groups: "site", measure: "accuracy", worst: ("east", 0.5), best: ("west", 0.9))
    ]
    fairness.gains = [
      .init(site: "east", measure: "accuracy", alone: 0.7, federated: 0.5, gain: -0.2),
      .init(site: "west", measure: "accuracy", alone: 0.7, federated: 0.9, gain: 0.2),
    ]
    return fairness
  }

  @Test func thePageNamesWorstGroupsLosersAndWhatIsHidden() {
    var report = RunReport(title: "t")
    report.fairness = Self.fairness
    report.contributions = [
      .init(
        site: "east", answered: 1, refused: 0, normRatio: 812, agreement: -0.31, influence: 0.9)
    ]
    let html = report.html()
    #expect(WellFormedness(of: html).fault == nil)
    for part in [
      "Worst site: east", "50.0", "not told", "fewer than 10 rows", "1 of 2 sites are worse off",
      "loses", "gains", "What sites brought", "812", "&lt;b&gt;south", "(none)",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    #expect(html == report.html())
  }

  @Test func nothingKnownIsNothingSaid() {
    let html = RunReport(title: "t").html()
    #expect(!html.contains("Who gains") && !html.contains("What sites brought"))
    var report = RunReport(title: "t")
    report.fairness = RunReport.Fairness()
    #expect(report.html() == html)
    report.fairness?.gains = [
      .init(site: "a", measure: "loss", alone: 2, federated: 1.5, gain: 0.5)
    ]
    #expect(report.html().contains("No site is worse off"))
  }

  /// Names and numbers that come from anywhere make no malformed page.
  @Test func wildValuesMakeAPage() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<200 {
      var report = RunReport(title: "t")
      var fairness = Self.fairness
      let value = [Double.nan, .infinity, -1, 0, 1e300].randomElement(using: &generator) ?? 0
      fairness.segments[0].name = generator.wildText()
      fairness.segments[0].metrics?.loss = value
      fairness.gaps[0].worst = (generator.wildText(), value)
      fairness.gains[0].gain = value
      report.fairness = fairness
      report.contributions = [
        .init(
          site: generator.wildText(), answered: value, refused: value, normRatio: value,
          agreement: value, influence: nil)
      ]
      #expect(WellFormedness(of: report.html()).fault == nil)
    }
  }
}
