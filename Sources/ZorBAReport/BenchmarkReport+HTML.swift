extension BenchmarkReport {
  /// The report as one self-contained page: no script, no external reference.
  package func html() -> String {
    var header: [Markup] = [.tag("h1", text: title)]
    if !summary.isEmpty { header.append(.tag("p", ["class": "lead"], text: summary)) }
    var parts: [Markup?] = [.tag("header", [:], header), RunReport.section(of: notes)]
    for (index, comparison) in comparisons.enumerated() {
      parts += comparison.sections(number: index + 1)
    }
    parts.append(
      methods.isEmpty
        ? nil
        : RunReport.section(
          "Methods",
          [
            RunReport.table(
              ["method", "what it does"], methods.map { [$0.name, $0.value] }, numbersFrom: 2),
            .tag("p", [:], text: intervalRemark),
          ]))
    parts.append(
      failures.isEmpty
        ? nil
        : RunReport.section(
          "Cells that failed",
          [
            RunReport.table(
              ["cell", "what it said"], failures.map { [$0.name, $0.value] }, numbersFrom: 2)
          ]))
    return Page.html(title: title, content: parts.compactMap { $0 })
  }
}

extension BenchmarkReport.Comparison {
  fileprivate func sections(number: Int) -> [Markup?] {
    let tables = tables
    func table(_ title: String) -> [Markup] {
      tables.filter { $0.title == title }.map {
        // Many columns: they scroll rather than break words.
        .tag(
          "div", ["class": "wide"],
          [RunReport.table($0.head, $0.rows, numbersFrom: $0.numbersFrom)])
      }
    }
    let identity = "c\(number)"
    let bars = BenchmarkBars(comparison: self, identity: identity)
    let curves = BenchmarkCurves(comparison: self, identity: identity)
    return [
      .tag("section", [:], [.tag("h1", text: title)]),
      RunReport.section("Accuracy", bars.accuracy + table("Quality")),
      RunReport.section(
        "Accuracy over rounds and seconds",
        curves.figures + table("At equal rounds and at equal seconds")),
      RunReport.section("Worst site", bars.worstSite + table("Accuracy by site")),
      RunReport.section("Bytes on the wire", bars.bytes),
      RunReport.section("Peak memory", bars.memory),
      RunReport.section("Cost", table("Cost")),
    ]
  }
}

/// The bars of a comparison: methods in groups, regimes in colours.
struct BenchmarkBars {
  let comparison: BenchmarkReport.Comparison
  let identity: String

  private static let styles = [
    "isolated": "c-alone", "centralised": "c-training", "federated": "c-federated",
  ]

  var accuracy: [Markup] {
    grouped("accuracy", "Accuracy by method, in percent", scale: 100, digits: 1) { $0.accuracy }
  }

  var worstSite: [Markup] {
    grouped("worst", "Accuracy of the worst site, in percent", scale: 100, digits: 1) {
      $0.worstSite
    }
  }

  var memory: [Markup] {
    grouped("memory", "Peak memory of a process, in MiB", scale: 1 / 1_048_576, digits: 0) {
      $0.peakBytes.map { .init(mean: $0, halfWidth: nil, count: 1) }
    }
  }

  var bytes: [Markup] {
    let rows = comparison.rows.filter { $0.bytesPerClientRound != nil }
    guard !rows.isEmpty else { return [] }
    let bars = rows.flatMap { row -> [LogBarChart.Bar] in
      let sent = row.bytesPerClientRound ?? 0
      var bars = [LogBarChart.Bar(name: row.method, style: "c-federated", value: sent)]
      if let published = row.publishedBytes, published != sent {
        bars.append(
          .init(name: "\(row.method), as published", style: "c-before", value: published))
      }
      return bars
    }
    let chart = LogBarChart(
      identity: "\(identity)-bytes", title: "Bytes a site and round, up and down, logarithmic axis",
      bars: bars, unit: "bytes", text: NumberText.bytes)
    return [RunReport.figure(chart.markup())]
  }

  private func grouped(
    _ name: String, _ title: String, scale: Double, digits: Int,
    _ value: (BenchmarkReport.Row) -> BenchmarkReport.Interval?
  ) -> [Markup] {
    var methods: [String] = []
    var regimes: [String] = []
    for row in comparison.rows where value(row) != nil {
      if !methods.contains(row.method) { methods.append(row.method) }
      if !regimes.contains(row.regime) { regimes.append(row.regime) }
    }
    guard !methods.isEmpty else { return [] }
    let series = regimes.map { regime -> GroupedBarChart.Series in
      let found = methods.map { method in
        comparison.rows.first { $0.method == method && $0.regime == regime }.flatMap(value)
      }
      return GroupedBarChart.Series(
        name: regime, style: Self.styles[regime] ?? "c-other",
        values: found.map { $0.map { $0.mean * scale } },
        halfWidths: found.map { $0?.halfWidth.map { $0 * scale } })
    }
    let chart = GroupedBarChart(
      identity: "\(identity)-\(name)", title: title, groups: methods, series: series,
      text: { NumberText.fixed($0, digits: digits) })
    return [chart.legend(), RunReport.figure(chart.markup())]
  }
}

/// The curves of a comparison: a drawing a regime and axis, methods in colours.
struct BenchmarkCurves {
  let comparison: BenchmarkReport.Comparison
  let identity: String

  var figures: [Markup] {
    var regimes: [String] = []
    for row in comparison.rows where !regimes.contains(row.regime) { regimes.append(row.regime) }
    return regimes.flatMap { regime in
      drawing(regime, over: "rounds") { Double($0.round) }
        + drawing(regime, over: "seconds") { $0.seconds }
    }
  }

  private func drawing(
    _ regime: String, over axis: String, _ place: (BenchmarkReport.CurvePoint) -> Double
  ) -> [Markup] {
    // A method keeps its colour in all drawings.
    var methods: [String] = []
    for row in comparison.rows where !methods.contains(row.method) { methods.append(row.method) }
    let series = comparison.rows.filter { $0.regime == regime }.compactMap { row in
      let points = row.curve.compactMap { point in
        point.accuracy.map { CurveChart.Point(x: place(point), y: $0 * 100) }
      }
      return points.isEmpty
        ? nil
        : CurveChart.Series(
          name: row.method, number: methods.firstIndex(of: row.method) ?? 0, points: points)
    }
    guard !series.isEmpty else { return [] }
    let chart = CurveChart(
      identity: "\(identity)-\(regime)-\(axis)",
      title: "Accuracy over \(axis), \(regime), in percent", series: series, horizontalName: axis)
    return [
      .tag("p", ["class": "spaced"], text: "Accuracy over \(axis), \(regime), in percent."),
      chart.legend(), RunReport.figure(chart.markup()),
    ]
  }
}
