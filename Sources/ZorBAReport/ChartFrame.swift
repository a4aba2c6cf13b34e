/// What every chart has: a size, a plot area within margins, a name for those who cannot see it, and axes.
///
/// Lengths are in user units of the view box; the page scales the drawing to its column. Colours come from the
/// page's style sheet by class, so that one drawing serves light, dark and paper.
struct ChartFrame: Equatable, Sendable {
  var width = 720.0
  var height = 280.0
  var left = 64.0
  var right = 16.0
  var top = 12.0
  var bottom = 44.0

  var plotWidth: Double { max(width - left - right, 1) }
  var plotHeight: Double { max(height - top - bottom, 1) }

  /// The horizontal place of a share 0 … 1 of the plot.
  func x(_ share: Double) -> Double { left + share * plotWidth }
  /// The vertical place of a share 0 … 1 of the plot, counted from below.
  func y(_ share: Double) -> Double { top + (1 - share) * plotHeight }

  /// The whole drawing; `identity` must be unique on the page.
  func drawing(identity: String, title: String, description: String, _ content: [Markup]) -> Markup
  {
    let size = "0 0 \(NumberText.coordinate(width)) \(NumberText.coordinate(height))"
    return .tag(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": size, "role": "img",
        "aria-labelledby": "\(identity)-title \(identity)-desc",
      ],
      [
        .tag("title", ["id": "\(identity)-title"], text: title),
        .tag("desc", ["id": "\(identity)-desc"], text: description),
      ] + content)
  }

  /// Horizontal grid lines with labels at their left, and the axis' name above them.
  func valueAxis(_ scale: LinearScale) -> Markup {
    .tag(
      "g", ["class": "axis"],
      zip(scale.ticks, scale.labels).flatMap { tick, label in
        let y = y(scale.position(of: tick))
        return [
          ChartFrame.line(left, y, width - right, y, "grid"),
          ChartFrame.label(label, left - 8, y + 4, "end"),
        ]
      })
  }

  /// Labels below the plot, and the axis' name below them.
  func horizontalAxis(_ scale: LinearScale, name: String) -> Markup {
    let marks = zip(scale.ticks, scale.labels).flatMap { tick, label in
      let x = x(scale.position(of: tick))
      return [
        ChartFrame.line(x, y(0), x, y(0) + 4, "tick"),
        ChartFrame.label(label, x, y(0) + 18, "middle"),
      ]
    }
    let baseline = ChartFrame.line(left, y(0), width - right, y(0), "tick")
    let caption = ChartFrame.label(name, left + plotWidth / 2, height - 8, "middle")
    return .tag("g", ["class": "axis"], [baseline] + marks + [caption])
  }

  /// A remark in the middle of an empty plot.
  func emptyRemark(_ text: String) -> Markup {
    ChartFrame.label(text, left + plotWidth / 2, top + plotHeight / 2, "middle")
  }

  static func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
  ) -> Markup {
    .tag(
      "line",
      [
        "x1": NumberText.coordinate(x1), "y1": NumberText.coordinate(y1),
        "x2": NumberText.coordinate(x2), "y2": NumberText.coordinate(y2), "class": style,
      ])
  }

  /// A rectangle; `name` is what a pointer over it says.
  static func rectangle(
    x: Double, y: Double, width: Double, height: Double, style: String, opacity: Double? = nil,
    name: String
  ) -> Markup {
    var attributes: [Markup.Attribute] = [
      .init(name: "x", value: NumberText.coordinate(x)),
      .init(name: "y", value: NumberText.coordinate(y)),
      .init(name: "width", value: NumberText.coordinate(max(width, 0))),
      .init(name: "height", value: NumberText.coordinate(max(height, 0))),
      .init(name: "class", value: style),
    ]
    if let opacity {
      attributes.append(.init(name: "fill-opacity", value: NumberText.coordinate(opacity)))
    }
    return .element(name: "rect", attributes: attributes, children: [.tag("title", text: name)])
  }

  static func label(
    _ text: String, _ x: Double, _ y: Double, _ anchor: String, style: String = "label"
  ) -> Markup {
    .tag(
      "text",
      [
        "x": NumberText.coordinate(x), "y": NumberText.coordinate(y), "text-anchor": anchor,
        "class": style,
      ], text: text)
  }

  /// A text cut to what fits `width`, at the width of an average letter.
  static func fitted(_ text: String, width: Double) -> String {
    let letters = max(Int((min(width, 10_000) / 6.4).rounded(.down)), 2)
    return text.count <= letters ? text : text.prefix(letters - 1) + "\u{2026}"
  }
}
