/// Finds places for short labels beside marks, so that none covers another or a mark.
///
/// Greedy: labels take the first free of a few places around their mark, in the order in which they
/// are asked for; one that finds none is left out, its mark's tooltip still says it.
struct LabelPlacement {
  private struct Box {
    var left: Double
    var right: Double
    var top: Double
    var bottom: Double

    func meets(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }
  }

  private let area: Box
  private var taken: [Box]

  /// - Parameters:
  ///   - frame: The plot that labels stay within.
  ///   - marks: Centres of marks, which no label may cover.
  init(within frame: ChartFrame, avoiding marks: [(x: Double, y: Double)]) {
    area = Box(
      left: frame.left + 2, right: frame.width - 2, top: frame.top - 8,
      bottom: frame.y(0) - 1)
    taken = marks.map { Box(left: $0.x - 6, right: $0.x + 6, top: $0.y - 6, bottom: $0.y + 6) }
  }

  /// Keeps labels off a line through some points.
  mutating func avoid(_ line: [(x: Double, y: Double)]) {
    for (start, end) in zip(line, line.dropFirst()) {
      let steps = max(1, Int(max(abs(end.x - start.x), abs(end.y - start.y)) / 4))
      for step in 0...steps {
        let share = Double(step) / Double(steps)
        let x = start.x + (end.x - start.x) * share
        let y = start.y + (end.y - start.y) * share
        taken.append(Box(left: x - 1, right: x + 1, top: y - 1, bottom: y + 1))
      }
    }
  }

  /// A label beside a mark; nil when there is no room.
  mutating func place(_ text: String, at mark: (x: Double, y: Double)) -> Markup? {
    // Above and to the right first: there a front of trade-offs is empty.
    let offsets: [(x: Double, y: Double, anchor: String)] = [
      (9, -7, "start"), (0, -11, "middle"), (10, 4, "start"), (9, 16, "start"), (0, 20, "middle"),
      (-9, 16, "end"), (-10, 4, "end"), (-9, -7, "end"), (14, -20, "start"), (14, 28, "start"),
      (-14, 28, "end"),
    ]
    for offset in offsets {
      if let label = put(text, mark.x + offset.x, mark.y + offset.y, offset.anchor) { return label }
    }
    return nil
  }

  /// A label on a horizontal line, as far to the right as there is room.
  mutating func place(_ text: String, along y: Double) -> Markup? {
    for x in stride(from: area.right - 8, through: area.left + 160, by: -40) {
      for offset in [-5.0, 15] {
        if let label = put(text, x, y + offset, "end") { return label }
      }
    }
    return nil
  }

  private mutating func put(
    _ text: String, _ x: Double, _ y: Double, _ anchor: String
  ) -> Markup? {
    let width = 6.6 * Double(text.count)
    let left = anchor == "start" ? x : anchor == "end" ? x - width : x - width / 2
    let box = Box(left: left, right: left + width, top: y - 11, bottom: y + 3)
    guard box.left >= area.left, box.right <= area.right, box.top >= area.top,
      box.bottom <= area.bottom, !taken.contains(where: { $0.meets(box) })
    else { return nil }
    taken.append(box)
    return ChartFrame.label(text, x, y, anchor, style: "value")
  }
}
