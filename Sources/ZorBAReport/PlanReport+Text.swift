extension PlanReport {
  /// The most columns or rows that are shown one by one.
  private static let shown = 40

  /// The plan as tables for a terminal.
  package func text() -> String {
    var parts = [assignment]
    if !groupLines.isEmpty {
      parts.append(groupLines.map { TextTable.oneLine($0) + "\n" }.joined())
    }
    parts += [siteTable.rendered(), convergenceText]
    if !stages.isEmpty { parts.append(stageTable.rendered()) }
    if !front.isEmpty { parts.append(frontTable.rendered()) }
    parts += notes.filter { $0.kind == .warning }.map {
      "warning: \(TextTable.oneLine($0.text))\n"
    }
    return parts.joined(separator: "\n")
  }

  // MARK: - Who trains what

  /// A picture of the matrix: a row a site, a column a block, neighbours folded where there are many.
  private var assignment: String {
    let blocksPerColumn = max(1, (blocks.count + Self.shown - 1) / Self.shown)
    let sitesPerRow = max(1, (sites.count + Self.shown - 1) / Self.shown)
    let columns = stride(from: 0, to: blocks.count, by: blocksPerColumn).map {
      $0..<min($0 + blocksPerColumn, blocks.count)
    }
    let rows = stride(from: 0, to: sites.count, by: sitesPerRow).map {
      $0..<min($0 + sitesPerRow, sites.count)
    }
    var text = "Who trains which blocks"
    if isRotating {
      text +=
        ", share of a cycle of \(cycleLength) matrices"
        + (window > 1 ? ", \(window) rounds each" : "")
    }
    text += "\n"
    let names = rows.map { row in
      row.count == 1
        ? sites[row.lowerBound].name
        : "\(sites[row.lowerBound].name) … \(sites[row.upperBound - 1].name)"
    }
    let width = min(names.map(DisplayWidth.of).max() ?? 0, 30)
    text += Self.padded("", width) + "  " + Self.ruler(columns) + "\n"
    for (row, name) in zip(rows, names) {
      let cells = columns.map { Self.cell(meanShare(row, $0)) }.joined(separator: " ")
      text += Self.padded(name, width) + "  " + cells + "\n"
    }
    return text + key(blocksPerColumn, sitesPerRow) + "\n"
  }

  private func key(_ blocksPerColumn: Int, _ sitesPerRow: Int) -> String {
    let isFolded = blocksPerColumn > 1 || sitesPerRow > 1
    var key = "█ trains it  · does not"
    if isRotating || isFolded { key = "█ always  1-9 tenths  · never" }
    if blocksPerColumn > 1 { key += "; a column is \(blocksPerColumn) blocks" }
    if sitesPerRow > 1 { key += "; a row is \(sitesPerRow) sites" }
    return key
  }

  private func meanShare(_ rows: Range<Int>, _ columns: Range<Int>) -> Double {
    var sum = 0.0
    for row in rows where row < share.count {
      for column in columns where column < share[row].count { sum += share[row][column] }
    }
    return sum / Double(rows.count * columns.count)
  }

  /// One column of the picture; only what is exactly always or never looks so.
  private static func cell(_ share: Double) -> String {
    guard share > 0 else { return "·" }
    guard share < 1 else { return "█" }
    return "\(min(max(Int((share * 10).rounded()), 1), 9))"
  }

  /// The number of every fifth column above it; columns are two characters wide.
  private static func ruler(_ columns: [Range<Int>]) -> String {
    var line = ""
    for (index, column) in columns.enumerated() where index % 5 == 0 {
      let label = "\(column.lowerBound)"
      guard line.count <= 2 * index else { continue }
      line += String(repeating: " ", count: 2 * index - line.count) + label
    }
    return line
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    var cut = ""
    var taken = 0
    for character in TextTable.oneLine(text) where taken < width {
      cut.append(character)
      taken += DisplayWidth.of(String(character))
    }
    return cut + String(repeating: " ", count: max(0, width - taken))
  }

  // MARK: - What it costs

  private var siteTable: TextTable {
    let hasBytes = sites.contains { $0.bytesUp != nil || $0.bytesDown != nil }
    var table = TextTable(
      header: [
        "site", "blocks", "memory", "budget", "used", timeUnit == .seconds ? "time" : "cost",
      ]
        + (hasBytes ? ["sent a round", "received"] : []))
    for site in sites.prefix(Self.shown) {
      var row = [
        site.name, NumberText.fixed(site.activeBlocks, digits: isRotating ? 1 : 0),
        NumberText.fineBytes(site.memory), text(budget: site.budget),
        site.budget == .infinity || site.budget <= 0
          ? "–" : NumberText.percent(site.memory / site.budget, digits: 0),
        text(time: site.time),
      ]
      if hasBytes {
        row += [site.bytesUp, site.bytesDown].map { $0.map(NumberText.bytes) ?? "–" }
      }
      table.rows.append(row)
    }
    if sites.count > Self.shown { table.append("… \(sites.count - Self.shown) more") }
    var total = ["all; slowest", "", NumberText.fineBytes(memory), "", "", text(time: time)]
    if hasBytes {
      total += [\Site.bytesUp, \Site.bytesDown].map { path in
        NumberText.bytes(sites.reduce(0) { $0 + ($1[keyPath: path] ?? 0) })
      }
    }
    table.rows.append(total)
    return table
  }

  private var convergenceText: String {
    var table = TextTable(header: ["convergence", "Gamma", ""])
    table.append(
      "bias", NumberText.significant(bias, digits: 5), "blocks that not every site trains")
    table.append(
      "noise", NumberText.significant(variance, digits: 5),
      "directions and minibatches, times lambda")
    table.append("this plan", NumberText.significant(convergence, digits: 5), "lower is better")
    if let stage = convergenceStage {
      table.append(
        "best found", NumberText.significant(stage.value, digits: 5), verdict(of: stage))
      if stage.isProvenOptimal || stage.lowerBound > 0 {
        table.append(
          "bound", NumberText.significant(stage.lowerBound, digits: 5), "no plan is below this")
      }
      let given = stage.value > 0 ? max(0, convergence / stage.value - 1) : 0
      table.append("given up", NumberText.percent(given, digits: 2), "for the later stages")
    }
    return table.rendered()
  }

  private var stageTable: TextTable {
    var table = TextTable(header: ["stage", "reached", "bound", "gap", ""])
    for stage in stages {
      table.append(
        stage.objective.rawValue, text(stage.value, of: stage.objective),
        bound(of: stage), gap(of: stage), stage.isProvenOptimal ? "proven" : "not proven")
    }
    return table
  }

  private var frontTable: TextTable {
    var table = TextTable(
      header: ["given up at most", "Gamma", "memory, all", "slowest", ""])
    for point in front {
      table.append(
        NumberText.significant(point.epsilon * 100) + " %",
        NumberText.significant(point.convergence, digits: 5), NumberText.fineBytes(point.memory),
        text(time: point.time), point.isProvenOptimal ? "proven" : "not proven")
    }
    return table
  }
}
