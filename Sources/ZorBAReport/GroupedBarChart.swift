/// Bars side by side in groups: one group for a site, one bar for each model that is compared.
struct GroupedBarChart: Equatable, Sendable {
  struct Series: Equatable, Sendable {
    var name: String
    /// The class that gives the colour.
    var style: String
    /// A value for every group; nil where there is none.
    var values: [Double?]
    /// Half the width of the interval around each value, where there is one.
    var halfWidths: [Double?] = []

    /// The interval of a group as far as it can be drawn.
    func halfWidth(_ index: Int) -> Double? {
      guard halfWidths.indices.contains(index), let width = halfWidths[index], width.isFinite else {
        return nil
      }
      return width
    }
  }

  /// Unique on the page.
  var identity: String
  var title: String
  var groups: [String]
  var series: [Series]
  /// Writes a value at its bar.
  var text: @Sendable (Double) -> String
  var frame = ChartFrame()

  static func == (left: Self, right: Self) -> Bool {
    left.identity == right.identity && left.title == right.title && left.groups == right.groups
      && left.series == right.series && left.frame == right.frame
  }

  func markup() -> Markup {
    let values = series.flatMap { $0.values.prefix(groups.count).compactMap { $0 } }
    guard !groups.isEmpty, values.contains(where: \.isFinite) else {
      return frame.drawing(
        identity: identity, title: title, description: "No values.",
        [frame.emptyRemark("no values")])
    }
    let ends = series.flatMap { one in
      one.values.prefix(groups.count).enumerated().flatMap { index, value -> [Double] in
        guard let value, let width = one.halfWidth(index) else { return [] }
        return [value - width, value + width]
      }
    }
    let scale = LinearScale(covering: values + ends, includesZero: true)
    var content = [frame.valueAxis(scale)]
    let slot = frame.plotWidth / Double(groups.count)
    let barWidth = min(slot * 0.8 / Double(max(series.count, 1)), 48)
    for (index, group) in groups.enumerated() {
      let middle = frame.left + slot * (Double(index) + 0.5)
      var x = middle - barWidth * Double(series.count) / 2
      var parts: [Markup] = []
      for one in series {
        if index < one.values.count, let value = one.values[index] {
          parts += bar(
            value, halfWidth: one.halfWidth(index), of: one, in: group, x: x, width: barWidth,
            scale)
        }
        x += barWidth
      }
      // With very many groups only some names fit below their bars.
      let every = max(1, Int((44 / slot).rounded(.up)))
      if index % every == 0 {
        let name = ChartFrame.fitted(group, width: slot * Double(every) - 6)
        parts.append(ChartFrame.label(name, middle, frame.y(0) + 18, "middle"))
      }
      content.append(.tag("g", [:], parts))
    }
    let zero = frame.y(scale.position(of: 0))
    content.append(ChartFrame.line(frame.left, zero, frame.width - frame.right, zero, "tick"))
    return frame.drawing(identity: identity, title: title, description: description(), content)
  }

  func legend() -> Markup {
    Legend(entries: series.map { .init(name: $0.name, style: $0.style, mark: .area) }).markup()
  }

  private func bar(
    _ value: Double, halfWidth: Double?, of series: Series, in group: String, x: Double,
    width: Double, _ scale: LinearScale
  ) -> [Markup] {
    let spread = halfWidth.map { " ± \(text($0))" } ?? ""
    let name = "\(group), \(series.name): \(text(value))\(spread)"
    let zero = frame.y(scale.position(of: 0))
    guard value.isFinite else {
      return [ChartFrame.label("?", x + width / 2, zero - 4, "middle", style: "value")]
    }
    let end = frame.y(scale.position(of: value))
    let rectangle = ChartFrame.rectangle(
      x: x + 1, y: min(zero, end), width: width - 2, height: abs(end - zero), style: series.style,
      name: name)
    // Narrow bars leave no room for a number; the pointer and the table beside the chart tell it.
    var parts = [rectangle]
    var top = end
    if let halfWidth {
      let low = frame.y(scale.position(of: value - halfWidth))
      let high = frame.y(scale.position(of: value + halfWidth))
      let middle = x + width / 2
      top = value < 0 ? low : high
      parts += [
        ChartFrame.line(middle, low, middle, high, "interval"),
        ChartFrame.line(middle - 4, low, middle + 4, low, "interval"),
        ChartFrame.line(middle - 4, high, middle + 4, high, "interval"),
      ]
    }
    guard width >= 30 else { return parts }
    let place = value < 0 ? top + 12 : top - 4
    return parts + [
      ChartFrame.label(text(value), x + width / 2, place, "middle", style: "value")
    ]
  }

  private func description() -> String {
    groups.enumerated().map { index, group in
      let parts = series.compactMap { one -> String? in
        guard index < one.values.count, let value = one.values[index] else { return nil }
        return "\(one.name) \(text(value))"
      }
      return "\(group): " + (parts.isEmpty ? "no values" : parts.joined(separator: ", ")) + "."
    }.joined(separator: " ")
  }
}
