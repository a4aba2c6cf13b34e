import Foundation
import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite("The page of a plan")
struct PlanPageTests {
  @Test(
    "is well-formed, with unique identities and a description for every drawing",
    arguments: [PlanReport.sample, .rotating, .large])
  func samples(report: PlanReport) {
    let page = report.html()
    let parsed = WellFormedness(of: page)
    #expect(parsed.fault == nil)
    #expect(Set(parsed.identities).count == parsed.identities.count)
    #expect(parsed.elements["desc"] == 4)
    for heading in [
      "Who trains which blocks", "What it takes from every site", "What it does to convergence",
      "What giving up convergence buys", "How it was chosen", "What was known of the blocks",
    ] {
      #expect(parsed.text.contains(heading))
    }
    if report == .sample { #expect(page == report.html()) }
    for forbidden in ["<script", "src=", "@import", "url(", "<link", "href="] {
      #expect(!page.contains(forbidden))
    }
    // Even a plan of thousands of cells is a page that a browser opens at once.
    #expect(page.utf8.count < 3_000_000)
  }

  @Test("leaves out what is not known")
  func empty() {
    let report = PlanReport(title: "Nothing yet")
    let parsed = WellFormedness(of: report.html())
    #expect(parsed.fault == nil && parsed.elements["section"] == nil)
    #expect(parsed.elements["svg"] == nil && report.frontSVG() == nil)
  }

  @Test("claims a proof only where there is one")
  func proof() {
    var report = PlanReport.sample
    #expect(report.html().contains("that is proven"))
    report.stages[0].isProvenOptimal = false
    report.stages[0].lowerBound = report.stages[0].value * 0.9
    #expect(!report.html().contains("that is proven"))
    #expect(report.html().contains("at most 10.0 % above the best there can be"))
    report.stages[0].lowerBound = 0
    #expect(report.html().contains("not proven; no useful bound"))
  }

  @Test("has a front that stands alone")
  func drawing() throws {
    let drawing = try #require(PlanReport.sample.frontSVG())
    let parsed = WellFormedness(of: drawing)
    #expect(parsed.fault == nil)
    #expect(parsed.elements["style"] == 1 && parsed.elements["svg"] == 1)
    #expect(drawing.contains("xmlns=\"http://www.w3.org/2000/svg\""))
    #expect(!drawing.contains("url(") && !drawing.contains("href="))
    // ε 20 % and 50 % are one plan, so six marks in either panel.
    #expect(parsed.elements["circle"] == 12)
    #expect(parsed.text.contains("\u{3B5} 20\u{2013}50 %"))
  }

  @Test("stays well-formed whatever names and numbers are", arguments: 0..<40)
  func hostile(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let report = PlanReport.wild(&generator)
    let parsed = WellFormedness(of: report.html())
    #expect(parsed.fault == nil)
    #expect(parsed.elements["script"] == nil && parsed.elements["evil"] == nil)
    if let drawing = report.frontSVG() { #expect(WellFormedness(of: drawing).fault == nil) }
    let text = report.text() + PlanComparison(report, with: .sample, changes: ["x"]).text()
    #expect(!text.contains("\u{1B}"))
    #expect(!text.isEmpty)
  }
}

extension PlanReport {
  /// A plan of random size with numbers and texts of the worst kind.
  static func wild(_ generator: inout SeededGenerator) -> PlanReport {
    func count(_ limit: UInt64) -> Int { Int(generator.next() % limit) }
    var report = PlanReport(title: "<evil>" + generator.wildText())
    report.sites = (0..<count(60)).map { _ in
      Site(
        name: "<evil>" + generator.wildText(), activeBlocks: generator.wildDouble(),
        memory: generator.wildDouble(), budget: generator.wildDouble(),
        time: generator.wildDouble(), bytesUp: generator.wildDouble())
    }
    report.blocks = (0..<count(150)).map { _ in
      Block(
        parameters: generator.wildDouble(), gradientEnergy: generator.wildDouble(),
        clientSpread: generator.wildDouble(), sampleNoise: generator.wildDouble(),
        coverage: generator.wildDouble(), bias: generator.wildDouble(),
        variance: generator.wildDouble())
    }
    report.share = (0..<count(24)).map { _ in
      (0..<count(60)).map { _ in generator.wildDouble() }
    }
    report.cycleLength = count(3)
    report.window = count(3)
    report.stages = [Stage.Objective.convergence, .memory, .time].map {
      Stage(
        objective: $0, value: generator.wildDouble(), lowerBound: generator.wildDouble(),
        isProvenOptimal: generator.next() % 2 == 0)
    }
    report.front = (0..<count(12)).map { _ in
      FrontPoint(
        epsilon: generator.wildDouble(), convergence: generator.wildDouble(),
        memory: generator.wildDouble(), time: generator.wildDouble(),
        memoryBound: generator.wildDouble(), convergenceBound: generator.wildDouble(),
        isProvenOptimal: false)
    }
    report.deadline = generator.wildDouble()
    report.timeUnit = generator.next() % 2 == 0 ? .seconds : .units
    report.notes = [.init(.warning, generator.wildText() + "\u{1B}[2J")]
    report.facts = [.init("<evil>", generator.wildText())]
    return report
  }
}

/// Leaves the sample pages in the folder that `ZORBA_REPORT_SAMPLE` names, for a look in a browser.
@Test(
  "The sample plans can be written out",
  .enabled(
    if: ProcessInfo.processInfo.environment["ZORBA_REPORT_SAMPLE"] != nil,
    "set ZORBA_REPORT_SAMPLE to a folder to get the pages as files"))
func writtenPlans() throws {
  let folder = try #require(ProcessInfo.processInfo.environment["ZORBA_REPORT_SAMPLE"])
  for (name, report) in [("plan", PlanReport.sample), ("rotating", .rotating), ("large", .large)] {
    let file = URL(fileURLWithPath: folder).appendingPathComponent(name)
    try Data(report.html().utf8).write(to: file.appendingPathExtension("html"))
    let drawing = try #require(report.frontSVG())
    try Data(drawing.utf8).write(to: file.appendingPathExtension("svg"))
    #expect(try Data(contentsOf: file.appendingPathExtension("svg")).count == drawing.utf8.count)
  }
}
