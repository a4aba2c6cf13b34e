/// One bar divided into the parts of a whole, such as the seconds of a run.
struct SplitBar: Equatable, Sendable {
  struct Part: Equatable, Sendable {
    var name: String
    /// The class that gives the colour.
    var style: String
    var value: Double
  }

  /// Unique on the page.
  var identity: String
  var title: String
  var parts: [Part]
  /// Writes a value.
  var text: @Sendable (Double) -> String

  static func == (left: Self, right: Self) -> Bool {
    left.identity == right.identity && left.title == right.title && left.parts == right.parts
  }

  func markup() -> Markup {
    let frame = ChartFrame(height: 34, left: 0, right: 0, top: 2, bottom: 2)
    let usable = parts.filter { $0.value.isFinite && $0.value > 0 }
    // Dividing before adding keeps the sum of huge parts finite.
    let largest = usable.map(\.value).max() ?? 1
    let total = usable.reduce(0) { $0 + $1.value / largest }
    guard total > 0 else {
      return frame.drawing(
        identity: identity, title: title, description: "No values.",
        [frame.emptyRemark("no values")])
    }
    var content: [Markup] = []
    var start = 0.0
    for part in usable {
      let share = part.value / largest / total
      let width = share * frame.plotWidth
      content.append(
        ChartFrame.rectangle(
          x: start, y: frame.top, width: width, height: frame.plotHeight, style: part.style,
          name: "\(part.name): \(text(part.value)), \(NumberText.percent(share))"))
      if width > 44 {
        content.append(
          ChartFrame.label(
            NumberText.percent(share, digits: 0), start + width / 2, frame.height / 2 + 4, "middle",
            style: "on-heat"))
      }
      start += width
    }
    let words = parts.map { "\($0.name): \(text($0.value))." }.joined(separator: " ")
    return frame.drawing(identity: identity, title: title, description: words, content)
  }

  func legend() -> Markup {
    Legend(
      entries: parts.map {
        .init(name: "\($0.name) \(text($0.value))", style: $0.style, mark: .area)
      }
    ).markup()
  }
}
