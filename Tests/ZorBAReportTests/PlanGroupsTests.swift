import Testing
import ZorBATestSupport

@testable import ZorBAReport

/// What text and page say of groups and their price.
@Suite struct PlanGroupsTests {
  private static func report(_ groups: PlanReport.Groups?) -> PlanReport {
    var report = PlanReport(
      title: "t",
      sites: (1...6).map {
        .init(name: "s\($0)", activeBlocks: 1, memory: 3000, budget: .infinity, time: 2)
      },
      blocks: [
        .init(
          parameters: 1, gradientEnergy: 1, clientSpread: 1, sampleNoise: 1, coverage: 6, bias: 1,
          variance: 0.5)
      ], share: Array(repeating: [1], count: 6),
      stages: [
        .init(objective: .convergence, value: 1.5, lowerBound: 1.1, isProvenOptimal: false),
        .init(objective: .memory, value: 18_000, lowerBound: 0, isProvenOptimal: false),
      ])
    report.groups = groups
    return report
  }

  @Test func groupsAndPriceAreTold() {
    let report = Self.report(
      .init(
        minimum: 3, members: [["s1", "s2", "s3"], ["s4", "<b>s5", "s6"]],
        without: .init(convergence: 1.2, memory: 18_000, time: 1)))
    let text = report.text()
    for part in [
      "a group has at least 3", "Group 1: s1, s2, s3", "Group 2: s4, <b>s5, s6",
      "Gamma 1.5 instead of 1.2 (+25.0 %)", "(+0.0 %)", "time 2.00 s instead of 1.00 s (+100.0 %)",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    // The memory stage has no bound, and says so.
    #expect(text.split(separator: "\n").contains { $0.hasPrefix("memory") && $0.contains("–") })
    let page = report.html()
    let parsed = WellFormedness(of: page)
    #expect(parsed.fault == nil && parsed.elements["b"] == nil)
    #expect(parsed.text.contains("Group 2: s4, <b>s5, s6"))
  }

  @Test func missingGroupsSayWhy() {
    let text = Self.report(.init(minimum: 3, missingBecause: "block 1 fits no group")).text()
    #expect(text.contains("cannot be added up under masks: block 1 fits no group."))
    let unknown = Self.report(.init(minimum: 3, members: [["s1", "s2", "s3"]])).text()
    #expect(unknown.contains("Price: not known"))
    #expect(!Self.report(nil).text().contains("roup"))
    #expect(!Self.report(nil).html().contains("<h2>Groups"))
  }

  @Test func wildGroupsMakeAPage() {
    var generator = SeededGenerator(seed: 31)
    for _ in 0..<200 {
      let members = (0..<Int(generator.next() % 4)).map { _ in
        (0..<Int(generator.next() % 30)).map { _ in "<evil>" + generator.wildText() }
      }
      let report = Self.report(
        .init(
          minimum: Int(truncatingIfNeeded: generator.next()), members: members,
          without: generator.next() % 3 == 0
            ? nil
            : .init(
              convergence: generator.wildDouble(), memory: generator.wildDouble(),
              time: generator.wildDouble()),
          missingBecause: "<evil>" + generator.wildText()))
      let parsed = WellFormedness(of: report.html())
      #expect(parsed.fault == nil && parsed.elements["evil"] == nil)
      #expect(!report.text().contains("\u{1B}"))
    }
  }
}
