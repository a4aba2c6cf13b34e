/// A table of shares 0 … 1 as cells that are the stronger coloured the larger the share.
struct HeatMap: Equatable, Sendable {
  /// Unique on the page.
  var identity: String
  var title: String
  var rows: [String]
  /// What the columns are, before their number.
  var columnName: String
  /// Shares; rows may differ in length, missing and non-finite cells stay blank.  # [rows, columns]
  var shares: [[Double]]
  /// Whether cells with room for it say their share; needless where all are 0 or 1.
  var writesShares = true

  /// The most rows that are drawn one by one; a larger map is averaged over neighbours.
  private static let drawnRows = 64
  private static let drawnColumns = 128

  func markup() -> Markup {
    let cells = shares.prefix(rows.count)
    let columns = cells.map(\.count).max() ?? 0
    var frame = ChartFrame(left: 110, top: 8, bottom: 40)
    guard !rows.isEmpty, columns > 0 else {
      return frame.drawing(
        identity: identity, title: title, description: "No values.",
        [frame.emptyRemark("no values")])
    }
    let rowStep = (rows.count + HeatMap.drawnRows - 1) / HeatMap.drawnRows
    let columnStep = (columns + HeatMap.drawnColumns - 1) / HeatMap.drawnColumns
    let drawnRows = (rows.count + rowStep - 1) / rowStep
    let drawnColumns = (columns + columnStep - 1) / columnStep
    let cellWidth = min(frame.plotWidth / Double(drawnColumns), 64)
    let cellHeight = min(max(320 / Double(drawnRows), 10), 30)
    frame.height = frame.top + frame.bottom + cellHeight * Double(drawnRows)

    var content: [Markup] = []
    for row in 0..<drawnRows {
      let members = row * rowStep..<min((row + 1) * rowStep, rows.count)
      let y = frame.top + cellHeight * Double(row)
      let name = HeatMap.name(of: members, in: rows)
      var parts: [Markup] = []
      // Low rows have no room for a name each.
      if cellHeight >= 14 || row % 2 == 0 {
        let label = members.count == 1 ? name : "\(rows[members.lowerBound]) \u{2026}"
        parts.append(
          ChartFrame.label(
            ChartFrame.fitted(label, width: frame.left - 14), frame.left - 8,
            y + cellHeight / 2 + 4, "end"))
      }
      for column in 0..<drawnColumns {
        let span = column * columnStep..<min((column + 1) * columnStep, columns)
        guard let share = mean(members, span) else { continue }
        let x = frame.left + cellWidth * Double(column)
        let spanName =
          span.count == 1
          ? "\(span.lowerBound)" : "\(span.lowerBound)\u{2013}\(span.upperBound - 1)"
        parts.append(
          ChartFrame.rectangle(
            x: x + 0.5, y: y + 0.5, width: cellWidth - 1, height: cellHeight - 1, style: "heat",
            opacity: 0.06 + 0.94 * min(max(share, 0), 1),
            name: "\(name), \(columnName) \(spanName): \(NumberText.percent(share))"))
        if writesShares, cellWidth >= 34, cellHeight >= 18 {
          parts.append(
            ChartFrame.label(
              NumberText.fixed(share * 100, digits: 0), x + cellWidth / 2, y + cellHeight / 2 + 4,
              "middle", style: share > 0.6 ? "on-heat" : "value"))
        }
      }
      content.append(.tag("g", [:], parts))
    }
    let bottom = frame.top + cellHeight * Double(drawnRows)
    let every = max(1, Int((28 / cellWidth).rounded(.up)))
    for column in stride(from: 0, to: drawnColumns, by: every) {
      content.append(
        ChartFrame.label(
          "\(column * columnStep)", frame.left + cellWidth * (Double(column) + 0.5), bottom + 16,
          "middle"))
    }
    let mapWidth = cellWidth * Double(drawnColumns)
    content.append(
      ChartFrame.label(columnName, frame.left + mapWidth / 2, bottom + 33, "middle"))
    return frame.drawing(identity: identity, title: title, description: description(), content)
  }

  /// The mean of the finite cells in a rectangle of the table.
  private func mean(_ members: Range<Int>, _ span: Range<Int>) -> Double? {
    var sum = 0.0
    var count = 0.0
    for row in members where row < shares.count {
      for column in span where column < shares[row].count && shares[row][column].isFinite {
        sum += shares[row][column]
        count += 1
      }
    }
    return count > 0 ? sum / count : nil
  }

  private static func name(of members: Range<Int>, in rows: [String]) -> String {
    guard let first = members.first, let last = members.last, first != last else {
      return members.first.map { rows[$0] } ?? ""
    }
    return "\(rows[first])\u{2026}\(rows[last])"
  }

  private func description() -> String {
    zip(rows, shares).prefix(HeatMap.drawnRows).map { name, row in
      let finite = row.filter(\.isFinite)
      guard !finite.isEmpty else { return "\(name): no values." }
      let mean = finite.reduce(0, +) / Double(finite.count)
      return "\(name): \(NumberText.percent(mean)) on average over \(row.count) columns."
    }.joined(separator: " ")
  }
}
