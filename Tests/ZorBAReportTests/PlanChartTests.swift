import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite("Drawings of a plan")
struct PlanChartTests {
  /// Boxes of texts as the placement reckons them.
  private func boxes(of markup: Markup) -> [(left: Double, right: Double, y: Double)] {
    guard case .element(let name, let attributes, let children) = markup else { return [] }
    func value(_ name: String) -> String { attributes.first { $0.name == name }?.value ?? "" }
    guard name == "text", value("class") == "value", case .text(let text)? = children.first,
      let x = Double(value("x")), let y = Double(value("y"))
    else { return children.flatMap(boxes) }
    let width = 6.6 * Double(text.count)
    let left =
      value("text-anchor") == "start"
      ? x : value("text-anchor") == "end" ? x - width : x - width / 2
    return [(left, left + width, y)]
  }

  @Test("of the front never put one label on another, and stay inside", arguments: 0..<60)
  func labels(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let points = (0..<Int.random(in: 1...40, using: &generator)).map { index in
      let spread = Double.random(in: 0...1, using: &generator)
      return PlanReport.FrontPoint(
        epsilon: Double(index) / 100, convergence: 5 + spread * spread, memory: 1e9 - 4e8 * spread,
        time: 10 + Double.random(in: 0...5, using: &generator), memoryBound: 5e8,
        convergenceBound: 4.9, isProvenOptimal: false)
    }
    let chart = ParetoChart(
      identity: "f", title: "t", points: points, timeName: "time", text: { "\($0)" })
    let boxes = boxes(of: chart.markup())
    #expect(boxes.count > 2)
    for (index, one) in boxes.enumerated() {
      #expect(one.left >= 0 && one.right <= 720)
      for other in boxes.dropFirst(index + 1) {
        let apart = one.right <= other.left || other.right <= one.left || abs(one.y - other.y) >= 14
        #expect(apart, "labels overlap")
      }
    }
  }

  @Test("of sites show every site, its budget and the deadline in words")
  func sites() {
    let report = PlanReport.rotating
    let chart = PlanSiteChart(
      identity: "s", title: "t", sites: report.sites, deadline: 31, timeName: "time",
      text: { NumberText.seconds($0) })
    let text = chart.markup().rendered()
    #expect(WellFormedness(of: text).fault == nil)
    for site in report.sites { #expect(text.contains(site.name)) }
    #expect(text.contains("Deadline: 31.0 s.") && text.contains("no limit"))
  }

  @Test("of blocks stack bias and noise to their sum, folded where there are many")
  func blocks() {
    let blocks = (0..<200).map { index in
      PlanReport.Block(
        parameters: 1, gradientEnergy: 1, clientSpread: 1, sampleNoise: 1, coverage: 2, bias: 1,
        variance: Double(index))
    }
    let chart = PlanBlockChart(identity: "b", title: "t", blocks: blocks, sites: 4)
    let parsed = WellFormedness(of: chart.markup().rendered())
    #expect(parsed.fault == nil)
    // Three blocks a bar: 67 bars of bias, noise and coverage.
    #expect(parsed.elements["rect"] == 67 * 3)
    #expect(parsed.text.contains("blocks 3\u{2013}5: bias 3, noise 12, 2 sites."))
  }
}
