/// Names beside the styles they are drawn in, one after the other.
struct Legend: Equatable, Sendable {
  /// How an entry is drawn in the chart.
  enum Mark: Equatable, Sendable {
    case line
    case area
    case point
  }

  struct Entry: Equatable, Sendable {
    var name: String
    var style: String
    var mark: Mark
  }

  var entries: [Entry]

  /// The entries as a list of the page, above the chart.
  func markup() -> Markup {
    .tag(
      "ul", ["class": "legend"],
      entries.map { entry in
        .tag("li", [:], [Legend.swatch(entry), .text(entry.name)])
      })
  }

  private static func swatch(_ entry: Entry) -> Markup {
    let shape: Markup =
      switch entry.mark {
      case .line: .tag("line", ["x1": "0", "y1": "6", "x2": "18", "y2": "6", "class": entry.style])
      case .area:
        .tag("rect", ["x": "3", "y": "0", "width": "12", "height": "12", "class": entry.style])
      case .point: .tag("circle", ["cx": "9", "cy": "6", "r": "4", "class": entry.style])
      }
    return .tag(
      "svg",
      [
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 18 12", "class": "swatch",
        "aria-hidden": "true",
      ], [shape])
  }
}
