/// What giving up convergence buys: Gamma against memory, and below it time against memory.
///
/// Both panels share the axis of memory. What is proven impossible is drawn, too: a dashed line below
/// which no Gamma lies, and a whisker from every plan to the least memory within its tolerance.
struct ParetoChart: Equatable, Sendable {
  /// Unique on the page.
  var identity: String
  var title: String
  var points: [PlanReport.FrontPoint]
  var timeName: String
  /// Writes a time.
  var text: @Sendable (Double) -> String

  static func == (left: Self, right: Self) -> Bool {
    left.identity == right.identity && left.title == right.title && left.points == right.points
      && left.timeName == right.timeName
  }

  /// Plans that are the same in all three respects are one mark with a range of tolerances.
  private struct Mark {
    var epsilons: [Double]
    var point: PlanReport.FrontPoint

    var name: String {
      let percents = epsilons.map { NumberText.significant($0 * 100) }
      guard let first = percents.first, let last = percents.last else { return "" }
      return first == last ? "\u{3B5} \(first) %" : "\u{3B5} \(first)\u{2013}\(last) %"
    }
  }

  private static let upper = ChartFrame(height: 330, left: 72, right: 24, top: 30, bottom: 24)
  private static let lower = ChartFrame(height: 560, left: 72, right: 24, top: 376, bottom: 48)

  /// The whole drawing; `extra` comes first, for what a drawing needs that stands alone.
  func markup(extra: [Markup] = []) -> Markup {
    let marks = self.marks
    guard !marks.isEmpty else {
      var frame = ChartFrame(height: 120)
      frame.bottom = 12
      return frame.drawing(
        identity: identity, title: title, description: "No values.",
        extra + [frame.emptyRemark("no values")])
    }
    let unit = Self.unit(of: marks.map(\.point.memory))
    let memory = LinearScale(
      covering: marks.flatMap { [$0.point.memory, $0.point.memoryBound ?? $0.point.memory] }
        .map { $0 / unit.size }, count: 7)
    let bound = points.compactMap(\.convergenceBound).filter { $0.isFinite && $0 > 0 }.max()
    let gamma = LinearScale(covering: marks.map(\.point.convergence) + (bound.map { [$0] } ?? []))
    let time = LinearScale(covering: marks.map(\.point.time), count: 3)
    func x(_ bytes: Double) -> Double { Self.upper.x(memory.position(of: bytes / unit.size)) }

    let upperPlaces = marks.map {
      (x: x($0.point.memory), y: Self.upper.y(gamma.position(of: $0.point.convergence)))
    }
    let lowerPlaces = marks.map {
      (x: x($0.point.memory), y: Self.lower.y(time.position(of: $0.point.time)))
    }
    var content = extra
    content += [
      Self.upper.valueAxis(gamma), Self.lower.valueAxis(time),
      Self.lower.horizontalAxis(memory, name: "memory of all sites together, \(unit.name)"),
      ChartFrame.label("Gamma, lower is better", Self.upper.left, 16, "start", style: "value"),
      ChartFrame.label(timeName, Self.lower.left, Self.lower.top - 14, "start", style: "value"),
    ]
    var labels = LabelPlacement(
      within: Self.upper, avoiding: upperPlaces.map { (x: $0.x, y: $0.y) })
    labels.avoid(upperPlaces)
    if let bound {
      content += boundLine(at: Self.upper.y(gamma.position(of: bound)), &labels)
    }
    for (mark, place) in zip(marks, upperPlaces) {
      let parts = whisker(from: mark.point.memoryBound.map(x), to: place)
      if !parts.isEmpty, let bound = mark.point.memoryBound {
        labels.avoid([(x: x(bound), y: place.y), place])
      }
      content += parts
    }
    content.append(Self.curve(upperPlaces))
    content.append(Self.curve(lowerPlaces))
    content += zip(marks, upperPlaces).map { circle($0, at: $1) }
    content += zip(marks, lowerPlaces).map { circle($0, at: $1) }
    content += zip(marks, upperPlaces).compactMap { labels.place($0.name, at: $1) }
    var times = LabelPlacement(within: Self.lower, avoiding: lowerPlaces)
    times.avoid(lowerPlaces)
    content += zip(marks, lowerPlaces).compactMap { times.place($0.name, at: $1) }
    return Self.lower.drawing(
      identity: identity, title: title, description: description(of: marks, bound: bound), content)
  }

  private var marks: [Mark] {
    let usable = points.filter {
      $0.memory.isFinite && $0.convergence.isFinite && $0.time.isFinite
    }.sorted { ($0.memory, $0.convergence) < ($1.memory, $1.convergence) }
    var marks: [Mark] = []
    for point in usable {
      if let last = marks.last?.point, last.memory == point.memory,
        last.convergence == point.convergence, last.time == point.time
      {
        marks[marks.count - 1].epsilons.append(point.epsilon)
        marks[marks.count - 1].epsilons.sort()
      } else {
        marks.append(Mark(epsilons: [point.epsilon], point: point))
      }
    }
    return marks
  }

  /// The binary unit in which the largest value is a handy number.
  private static func unit(of values: [Double]) -> (name: String, size: Double) {
    let largest = values.max() ?? 0
    let units = [("B", 1.0), ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40)]
    return units.last { largest >= 4 * $0.1 } ?? ("B", 1)
  }

  // MARK: - Parts

  private func boundLine(at y: Double, _ labels: inout LabelPlacement) -> [Markup] {
    let frame = Self.upper
    let line = Markup.tag(
      "line",
      [
        "x1": NumberText.coordinate(frame.left), "y1": NumberText.coordinate(y),
        "x2": NumberText.coordinate(frame.width - frame.right), "y2": NumberText.coordinate(y),
        "class": "c-training", "stroke-dasharray": "6 4",
      ])
    labels.avoid([(x: frame.left, y: y), (x: frame.width - frame.right, y: y)])
    let name = "no plan is below this line"
    return [line] + (labels.place(name, along: y).map { [$0] } ?? [])
  }

  /// From the least memory that is proven for the tolerance to the plan; nothing when they agree.
  private func whisker(from bound: Double?, to place: (x: Double, y: Double)) -> [Markup] {
    guard let bound, place.x - bound > 1.5 else { return [] }
    return [
      ChartFrame.line(bound, place.y, place.x, place.y, "tick"),
      ChartFrame.line(bound, place.y - 5, bound, place.y + 5, "tick"),
    ]
  }

  private static func curve(_ places: [(x: Double, y: Double)]) -> Markup {
    let path = places.map { "\(NumberText.coordinate($0.x)),\(NumberText.coordinate($0.y))" }
    return .tag(
      "polyline",
      [
        "points": path.joined(separator: " "), "class": "c-federated", "fill": "none",
        "stroke-opacity": "0.45",
      ])
  }

  private func circle(_ mark: Mark, at place: (x: Double, y: Double)) -> Markup {
    .tag(
      "circle",
      [
        "cx": NumberText.coordinate(place.x), "cy": NumberText.coordinate(place.y), "r": "4.5",
        "class": "c-federated",
      ], [.tag("title", text: sentence(of: mark))])
  }

  private func sentence(of mark: Mark) -> String {
    "\(mark.name): Gamma \(NumberText.significant(mark.point.convergence, digits: 5)), memory "
      + "\(NumberText.fineBytes(mark.point.memory)), slowest site \(text(mark.point.time))"
  }

  private func description(of marks: [Mark], bound: Double?) -> String {
    var sentences = marks.map { sentence(of: $0) + "." }
    if let bound {
      sentences.append("No plan has a Gamma below \(NumberText.significant(bound, digits: 5)).")
    }
    return sentences.joined(separator: " ")
  }
}
