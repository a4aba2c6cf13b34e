/// Curves of several methods over anything that is counted: rounds, seconds, bytes.
struct CurveChart: Equatable, Sendable {
  struct Point: Equatable, Sendable {
    var x: Double
    var y: Double
  }

  struct Series: Equatable, Sendable {
    var name: String
    /// Decides the colour; numbers beyond the colours begin again.
    var number: Int
    var points: [Point]

    var style: String { "c-series-\(number % CurveChart.colours + 1)" }
  }

  /// As many as the style sheet has.
  static let colours = 8

  /// Unique on the page.
  var identity: String
  var title: String
  var series: [Series]
  var horizontalName: String
  var frame = ChartFrame()

  func markup() -> Markup {
    let shown = series.map { one in
      Series(
        name: one.name, number: one.number,
        points: one.points.filter { $0.x.isFinite && $0.y.isFinite })
    }.filter { !$0.points.isEmpty }
    guard !shown.isEmpty else {
      return frame.drawing(
        identity: identity, title: title, description: "No values.",
        [frame.emptyRemark("no values")])
    }
    let vertical = LinearScale(covering: shown.flatMap { $0.points.map(\.y) })
    let horizontal = LinearScale(covering: shown.flatMap { $0.points.map(\.x) }, count: 8)
    let curves = shown.map { one -> Markup in
      let places = one.points.map {
        (x: frame.x(horizontal.position(of: $0.x)), y: frame.y(vertical.position(of: $0.y)))
      }
      var parts: [Markup] = []
      if places.count > 1 {
        let path = places.map { "\(NumberText.coordinate($0.x)),\(NumberText.coordinate($0.y))" }
        parts.append(
          .tag("polyline", ["points": path.joined(separator: " "), "class": one.style]))
      }
      parts += zip(places, one.points).map { place, point in
        .tag(
          "circle",
          [
            "cx": NumberText.coordinate(place.x), "cy": NumberText.coordinate(place.y), "r": "3",
            "class": one.style,
          ],
          [
            .tag(
              "title",
              text: "\(one.name), \(horizontalName) \(NumberText.significant(point.x)): "
                + NumberText.significant(point.y, digits: 4))
          ])
      }
      return .tag("g", [:], parts)
    }
    let words = shown.compactMap { one in
      one.points.last.map {
        "\(one.name): \(NumberText.significant($0.y, digits: 4)) at \(horizontalName) "
          + "\(NumberText.significant($0.x))."
      }
    }
    return frame.drawing(
      identity: identity, title: title, description: words.joined(separator: " "),
      [frame.valueAxis(vertical), frame.horizontalAxis(horizontal, name: horizontalName)] + curves)
  }

  func legend() -> Markup {
    Legend(entries: series.map { .init(name: $0.name, style: $0.style, mark: .line) }).markup()
  }
}
