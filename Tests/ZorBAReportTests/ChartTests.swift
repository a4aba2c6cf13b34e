import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite("Charts")
struct ChartTests {
  private static let identity: @Sendable (Double) -> String = { NumberText.significant($0) }

  private static func lineChart(_ values: [Double], marksPoints: Bool = false) -> LineChart {
    LineChart(
      identity: "c", title: "t",
      series: [
        .init(
          name: "s", style: "c-training",
          points: values.enumerated().map { .init(round: $0.offset, value: $0.element) },
          marksPoints: marksPoints)
      ])
  }

  @Test("An empty chart says so and is well-formed")
  func empty() {
    let drawings = [
      ChartTests.lineChart([]).markup(), ChartTests.lineChart([.nan, .infinity]).markup(),
      GroupedBarChart(identity: "c", title: "t", groups: [], series: [], text: ChartTests.identity)
        .markup(),
      HeatMap(identity: "c", title: "t", rows: ["a"], columnName: "block", shares: [[]]).markup(),
      LogBarChart(identity: "c", title: "t", bars: [], unit: "u", text: ChartTests.identity)
        .markup(),
      SplitBar(identity: "c", title: "t", parts: [], text: ChartTests.identity).markup(),
    ]
    for drawing in drawings {
      let parsed = WellFormedness(of: drawing.rendered())
      #expect(parsed.fault == nil)
      #expect(parsed.elements["title"] == 1)
      #expect(parsed.elements["desc"] == 1)
      #expect(parsed.text.contains("values"))
    }
  }

  @Test("A single value is a visible point")
  func single() {
    let parsed = WellFormedness(of: ChartTests.lineChart([1.5]).markup().rendered())
    #expect(parsed.fault == nil)
    #expect(parsed.elements["circle"] == 1)
    #expect(parsed.elements["polyline"] == nil)
  }

  @Test("A line breaks where a value is not finite, and says how many are missing")
  func gaps() {
    let chart = ChartTests.lineChart([1, 2, .nan, 3, 4, .infinity, 5])
    let parsed = WellFormedness(of: chart.markup().rendered())
    #expect(parsed.elements["polyline"] == 2)
    #expect(parsed.elements["circle"] == 1)
    #expect(parsed.text.contains("2 values are not finite"))
  }

  @Test("A long series is thinned but keeps its extremes and its ends")
  func thinning() {
    var generator = SeededGenerator(seed: 8)
    var values = (0..<50_000).map { _ in Double.random(in: 0...1, using: &generator) }
    values[31_415] = 9
    values[27_182] = -9
    let points = values.enumerated().map {
      RunReport.RoundValue(round: $0.offset, value: $0.element)
    }
    let thinned = LineChart.thinned(points)
    #expect(thinned.count <= 602)
    #expect(thinned.first == points.first && thinned.last == points.last)
    #expect(thinned.contains(points[31_415]) && thinned.contains(points[27_182]))
    #expect(zip(thinned, thinned.dropFirst()).allSatisfy { $0.round <= $1.round })
    #expect(ChartTests.lineChart(values).markup().rendered().utf8.count < 20_000)
  }

  @Test("All coordinates stay inside the drawing, whatever the values")
  func bounds() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<200 {
      let values = (0..<Int(1 + generator.next() % 30)).map { _ in generator.wildDouble() }
      let chart = ChartTests.lineChart(values, marksPoints: true)
      let frame = chart.frame
      for (x, y) in ChartTests.circles(in: chart.markup()) {
        #expect((frame.left...frame.width - frame.right).contains(x))
        #expect((frame.top...frame.height - frame.bottom).contains(y))
      }
    }
  }

  @Test("Bars are as long as their values, from zero")
  func bars() {
    let chart = GroupedBarChart(
      identity: "c", title: "t", groups: ["a", "b"],
      series: [
        .init(name: "x", style: "c-before", values: [20, nil]),
        .init(name: "y", style: "c-alone", values: [40, -20]),
      ], text: ChartTests.identity)
    let heights = ChartTests.attributes("height", of: "rect", in: chart.markup()).compactMap(
      Double.init)
    #expect(heights.count == 3)
    #expect(abs(heights[1] - 2 * heights[0]) < 0.02)
    #expect(abs(heights[2] - heights[0]) < 0.02)
    let parsed = WellFormedness(of: chart.markup().rendered())
    #expect(parsed.text.contains("a: x 20, y 40. b: y \u{2212}20."))
  }

  @Test("A large heat map is averaged down; blank cells stay blank")
  func heatMap() {
    let rows = (0..<500).map { "client \($0)" }
    let shares = rows.indices.map { row in (0..<1000).map { Double((row + $0) % 2) } }
    let large = HeatMap(identity: "c", title: "t", rows: rows, columnName: "block", shares: shares)
    let cells = ChartTests.attributes("fill-opacity", of: "rect", in: large.markup())
    #expect(cells.count <= 64 * 128)
    #expect(Set(cells) == ["0.53"])

    let small = HeatMap(
      identity: "c", title: "t", rows: ["a", "b"], columnName: "block",
      shares: [[0, .nan, 1], [0.5]])
    let opacities = ChartTests.attributes("fill-opacity", of: "rect", in: small.markup())
    #expect(opacities == ["0.06", "1", "0.53"])
  }

  @Test("Equal ratios are equal lengths on the logarithmic axis")
  func logBars() {
    let chart = LogBarChart(
      identity: "c", title: "t",
      bars: [10, 1000, 100_000, 0, .infinity].map { .init(name: "b", style: "c-other", value: $0) },
      unit: "bytes", text: NumberText.bytes)
    let widths = ChartTests.attributes("width", of: "rect", in: chart.markup()).compactMap(
      Double.init)
    #expect(widths.count == 5)
    #expect(abs((widths[1] - widths[0]) - (widths[2] - widths[1])) < 0.03)
    #expect(widths[3] == 0)
    #expect(widths[4] >= widths[2])
  }

  @Test("A split bar fills its width in proportion, huge parts included")
  func splitBar() {
    for unit in [1.0, 1e300, 1e-300] {
      let bar = SplitBar(
        identity: "c", title: "t",
        parts: [1.0, 3, .nan, -2].map { .init(name: "p", style: "c-other", value: $0 * unit) },
        text: ChartTests.identity)
      let widths = ChartTests.attributes("width", of: "rect", in: bar.markup()).compactMap(
        Double.init)
      #expect(widths == [180, 540])
    }
  }

  /// Every value of an attribute of the elements of that name, in document order.
  private static func attributes(_ name: String, of element: String, in markup: Markup) -> [String]
  {
    guard case .element(let own, let attributes, let children) = markup else { return [] }
    let here = own == element ? attributes.filter { $0.name == name }.map(\.value) : []
    return here + children.flatMap { ChartTests.attributes(name, of: element, in: $0) }
  }

  private static func circles(in markup: Markup) -> [(Double, Double)] {
    let xs = attributes("cx", of: "circle", in: markup).compactMap(Double.init)
    let ys = attributes("cy", of: "circle", in: markup).compactMap(Double.init)
    return Array(zip(xs, ys))
  }
}
