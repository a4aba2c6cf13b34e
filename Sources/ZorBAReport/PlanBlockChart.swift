/// The objective block by block, bias and noise on top of each other, and below it how many sites
/// train the block.
struct PlanBlockChart: Equatable, Sendable {
  /// Unique on the page.
  var identity: String
  var title: String
  var blocks: [PlanReport.Block]
  /// Sites there are.
  var sites: Int

  private static let upper = ChartFrame(height: 250, left: 64, right: 16, top: 26, bottom: 8)
  private static let lower = ChartFrame(height: 370, left: 64, right: 16, top: 282, bottom: 40)
  /// The most bars that are drawn; more blocks share one with their neighbours.
  private static let drawn = 96

  /// Blocks that share a bar, with the sums of their terms and their mean coverage.
  private struct Bar {
    var name: String
    var first: Int
    var bias = 0.0
    var variance = 0.0
    var coverage = 0.0
  }

  func markup() -> Markup {
    let bars = self.bars
    guard bars.contains(where: { ($0.bias + $0.variance).isFinite }) else {
      return Self.upper.drawing(
        identity: identity, title: title, description: "No values.",
        [Self.upper.emptyRemark("no values")])
    }
    let scale = LinearScale(
      covering: bars.map { $0.bias + $0.variance }, includesZero: true)
    let counts = LinearScale(covering: [Double(sites)], count: 2, includesZero: true)
    var content = [
      Self.upper.valueAxis(scale), Self.lower.valueAxis(counts),
      ChartFrame.label("part of Gamma", Self.upper.left, 14, "start", style: "value"),
      ChartFrame.label(
        "sites that train the block", Self.lower.left, Self.lower.top - 10, "start",
        style: "value"),
    ]
    let slot = Self.upper.plotWidth / Double(bars.count)
    let width = min(slot * 0.8, 48)
    let every = max(1, Int((30 / slot).rounded(.up)))
    for (index, bar) in bars.enumerated() {
      let middle = Self.upper.left + slot * (Double(index) + 0.5)
      var parts = stack(bar, x: middle - width / 2, width: width, scale)
      let top = Self.lower.y(counts.position(of: bar.coverage))
      parts.append(
        ChartFrame.rectangle(
          x: middle - width / 2, y: top, width: width, height: Self.lower.y(0) - top,
          style: "c-training",
          name: "\(bar.name): \(NumberText.significant(bar.coverage)) sites"))
      if index % every == 0 {
        parts.append(ChartFrame.label("\(bar.first)", middle, Self.lower.y(0) + 16, "middle"))
      }
      content.append(.tag("g", [:], parts))
    }
    content += [
      ChartFrame.line(
        Self.upper.left, Self.upper.y(0), Self.upper.width - Self.upper.right, Self.upper.y(0),
        "tick"),
      ChartFrame.line(
        Self.lower.left, Self.lower.y(0), Self.lower.width - Self.lower.right, Self.lower.y(0),
        "tick"),
      ChartFrame.label(
        "block", Self.lower.left + Self.lower.plotWidth / 2, Self.lower.height - 6, "middle"),
    ]
    return Self.lower.drawing(
      identity: identity, title: title, description: description(of: bars), content)
  }

  func legend() -> Markup {
    Legend(entries: [
      .init(name: "bias", style: "c-federated", mark: .area),
      .init(name: "noise", style: "c-alone", mark: .area),
      .init(name: "sites", style: "c-training", mark: .area),
    ]).markup()
  }

  private var bars: [Bar] {
    let step = max(1, (blocks.count + Self.drawn - 1) / Self.drawn)
    return stride(from: 0, to: blocks.count, by: step).map { first in
      let members = blocks[first..<min(first + step, blocks.count)]
      var bar = Bar(
        name: step == 1 ? "block \(first)" : "blocks \(first)\u{2013}\(members.endIndex - 1)",
        first: first)
      for block in members {
        bar.bias += max(block.bias, 0)
        bar.variance += max(block.variance, 0)
        bar.coverage += block.coverage / Double(members.count)
      }
      return bar
    }
  }

  private func stack(
    _ bar: Bar, x: Double, width: Double, _ scale: LinearScale
  ) -> [Markup] {
    guard (bar.bias + bar.variance).isFinite else {
      return [ChartFrame.label("?", x + width / 2, Self.upper.y(0) - 4, "middle", style: "value")]
    }
    let zero = Self.upper.y(scale.position(of: 0))
    let middle = Self.upper.y(scale.position(of: bar.bias))
    let top = Self.upper.y(scale.position(of: bar.bias + bar.variance))
    return [
      ChartFrame.rectangle(
        x: x, y: middle, width: width, height: zero - middle, style: "c-federated",
        name: "\(bar.name), bias: \(NumberText.significant(bar.bias))"),
      ChartFrame.rectangle(
        x: x, y: top, width: width, height: middle - top, style: "c-alone",
        name: "\(bar.name), noise: \(NumberText.significant(bar.variance))"),
    ]
  }

  private func description(of bars: [Bar]) -> String {
    bars.map {
      "\($0.name): bias \(NumberText.significant($0.bias)), noise "
        + "\(NumberText.significant($0.variance)), \(NumberText.significant($0.coverage)) sites."
    }.joined(separator: " ")
  }
}
