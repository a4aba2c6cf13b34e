/// Horizontal bars on a logarithmic axis, for quantities of very different size, such as bytes.
struct LogBarChart: Equatable, Sendable {
  struct Bar: Equatable, Sendable {
    var name: String
    /// The class that gives the colour.
    var style: String
    var value: Double
  }

  /// Unique on the page.
  var identity: String
  var title: String
  var bars: [Bar]
  /// What the axis counts.
  var unit: String
  /// Writes a value at its bar.
  var text: @Sendable (Double) -> String

  static func == (left: Self, right: Self) -> Bool {
    left.identity == right.identity && left.title == right.title && left.bars == right.bars
      && left.unit == right.unit
  }

  func markup() -> Markup {
    var frame = ChartFrame(left: 230, right: 84, top: 6, bottom: 44)
    guard !bars.isEmpty else {
      return frame.drawing(
        identity: identity, title: title, description: "No values.",
        [frame.emptyRemark("no values")])
    }
    let thickness = 26.0
    frame.height = frame.top + frame.bottom + thickness * Double(bars.count)
    let scale = LogScale(covering: bars.map(\.value))
    var content: [Markup] = [
      .tag(
        "g", ["class": "axis"],
        scale.exponents.flatMap { exponent in
          let x = frame.x(scale.position(ofDecade: exponent))
          let name = exponent == 0 ? "1" : exponent == 1 ? "10" : "1e\(exponent)"
          return [
            ChartFrame.line(x, frame.top, x, frame.y(0), "grid"),
            ChartFrame.label(name, x, frame.y(0) + 18, "middle"),
          ]
        })
    ]
    content.append(
      ChartFrame.label(unit, frame.left + frame.plotWidth / 2, frame.height - 8, "middle"))
    for (index, bar) in bars.enumerated() {
      let y = frame.top + thickness * Double(index)
      let end = frame.x(scale.position(of: bar.value))
      content.append(
        .tag(
          "g", [:],
          [
            ChartFrame.label(
              ChartFrame.fitted(bar.name, width: frame.left - 14), frame.left - 8, y + 17, "end"),
            ChartFrame.rectangle(
              x: frame.left, y: y + 4, width: end - frame.left, height: thickness - 8,
              style: bar.style, name: "\(bar.name): \(text(bar.value))"),
            ChartFrame.label(text(bar.value), end + 6, y + 17, "start", style: "value"),
          ]))
    }
    let words = bars.map { "\($0.name): \(text($0.value))." }.joined(separator: " ")
    return frame.drawing(
      identity: identity, title: title, description: "Logarithmic axis. " + words, content)
  }
}
