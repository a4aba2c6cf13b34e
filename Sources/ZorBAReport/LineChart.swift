/// Curves over rounds: lines for what is known at every round, points as well where it is known at a few.
struct LineChart: Equatable, Sendable {
  struct Series: Equatable, Sendable {
    var name: String
    /// The class that gives the colour.
    var style: String
    var points: [RunReport.RoundValue]
    /// Whether every point is marked, for sparse series.
    var marksPoints: Bool
  }

  /// Unique on the page.
  var identity: String
  var title: String
  var series: [Series]
  var horizontalName = "round"
  var includesZero = false
  var frame = ChartFrame()

  /// The most points a line is drawn with; more are thinned to the extremes of equal shares of them.
  private static let drawnPoints = 600

  func markup() -> Markup {
    let shown = series.filter { !$0.points.isEmpty }
    let values = shown.flatMap { $0.points.map(\.value) }
    guard values.contains(where: \.isFinite) else {
      return frame.drawing(
        identity: identity, title: title, description: "No finite values.",
        [frame.emptyRemark(values.isEmpty ? "no values" : "no finite values")])
    }
    let vertical = LinearScale(covering: values, includesZero: includesZero)
    let horizontal = LinearScale(
      covering: shown.flatMap { $0.points.map { Double($0.round) } }, count: 8)
    var content = [
      frame.valueAxis(vertical), frame.horizontalAxis(horizontal, name: horizontalName),
    ]
    content += shown.map { curve($0, horizontal, vertical) }
    return frame.drawing(
      identity: identity, title: title, description: description(of: shown), content)
  }

  func legend() -> Markup {
    Legend(
      entries: series.filter { !$0.points.isEmpty }.map {
        .init(name: $0.name, style: $0.style, mark: $0.marksPoints ? .point : .line)
      }
    ).markup()
  }

  /// One series: its line, broken where a value is not finite, then its points.
  private func curve(
    _ series: Series, _ horizontal: LinearScale, _ vertical: LinearScale
  ) -> Markup {
    var parts: [Markup] = []
    let runs = series.points.split { !$0.value.isFinite }
    for run in runs {
      let points = LineChart.thinned(Array(run)).map { point in
        (
          x: frame.x(horizontal.position(of: Double(point.round))),
          y: frame.y(vertical.position(of: point.value)), value: point
        )
      }
      if points.count > 1 {
        let path = points.map { "\(NumberText.coordinate($0.x)),\(NumberText.coordinate($0.y))" }
        parts.append(
          .tag("polyline", ["points": path.joined(separator: " "), "class": series.style]))
      }
      // A value between two gaps has no line: it needs a point to be seen.
      if series.marksPoints || points.count == 1 {
        parts += points.map { point in
          .tag(
            "circle",
            [
              "cx": NumberText.coordinate(point.x), "cy": NumberText.coordinate(point.y),
              "r": "3.5", "class": series.style,
            ],
            [
              .tag(
                "title",
                text: "\(series.name), \(horizontalName) \(point.value.round): "
                  + NumberText.significant(point.value.value, digits: 4))
            ])
        }
      }
    }
    return .tag("g", [:], parts)
  }

  /// The first and last value of every series in words, and how many values could not be drawn.
  private func description(of shown: [Series]) -> String {
    let sentences = shown.map { series in
      let finite = series.points.filter(\.value.isFinite)
      guard let first = finite.first, let last = finite.last else {
        return "\(series.name): no finite values."
      }
      var text =
        "\(series.name): \(NumberText.significant(first.value, digits: 4)) at \(horizontalName)"
        + " \(first.round), \(NumberText.significant(last.value, digits: 4)) at \(last.round)."
      let lost = series.points.count - finite.count
      if lost > 0 { text += " \(lost) values are not finite." }
      return text
    }
    return sentences.joined(separator: " ")
  }

  /// At most about `drawnPoints` points that keep every visible peak: the lowest and highest of each share.
  static func thinned(_ points: [RunReport.RoundValue]) -> [RunReport.RoundValue] {
    guard points.count > drawnPoints, let first = points.first, let last = points.last else {
      return points
    }
    let shares = drawnPoints / 2
    var kept = [first]
    for share in 0..<shares {
      let range = share * points.count / shares..<(share + 1) * points.count / shares
      let part = points[range]
      guard let low = part.indices.min(by: { part[$0].value < part[$1].value }),
        let high = part.indices.max(by: { part[$0].value < part[$1].value })
      else { continue }
      kept.append(points[min(low, high)])
      if low != high { kept.append(points[max(low, high)]) }
    }
    kept.append(last)
    return kept
  }
}
