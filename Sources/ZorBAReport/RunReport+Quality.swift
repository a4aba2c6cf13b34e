extension RunReport {
  /// Bars of accuracy per site before, alone and federated, and the table with every metric.
  func accuracySection() -> Markup? {
    let regimes: [(name: String, style: String, metrics: @Sendable (Site) -> Metrics?)] = [
      ("before", "c-before", { $0.before }), ("alone", "c-alone", { $0.alone }),
      ("federated", "c-federated", { $0.federated }),
    ]
    let present = regimes.filter { regime in sites.contains { regime.metrics($0) != nil } }
    guard !present.isEmpty else { return nil }
    let chart = GroupedBarChart(
      identity: "accuracy", title: "Accuracy per site, in percent", groups: sites.map(\.name),
      series: present.map { regime in
        .init(
          name: regime.name, style: regime.style,
          values: sites.map { site in regime.metrics(site).map { $0.accuracy * 100 } })
      }, text: { NumberText.fixed($0, digits: 1) })
    let rows = sites.flatMap { site in
      present.compactMap { regime in
        regime.metrics(site).map { metrics in
          [
            site.name, regime.name, NumberText.percent(metrics.accuracy),
            metrics.macroF1.map { NumberText.fixed($0, digits: 3) } ?? "",
            metrics.loss.map { NumberText.significant($0, digits: 4) } ?? "",
            metrics.examples.map(NumberText.grouped) ?? "",
          ]
        }
      }
    }
    let table = RunReport.table(
      ["site", "model", "accuracy", "macro F1", "loss", "examples"], rows, numbersFrom: 2)
    return RunReport.section(
      "Accuracy per site", [chart.legend(), RunReport.figure(chart.markup()), table])
  }

  /// Training loss by round with the evaluations on it.
  func lossSection() -> Markup? {
    guard !trainingLoss.isEmpty || !evaluationLoss.isEmpty else { return nil }
    let chart = LineChart(
      identity: "loss", title: "Loss by round",
      series: [
        .init(
          name: "training, mean over sites", style: "c-training", points: trainingLoss,
          marksPoints: false),
        .init(name: "evaluation", style: "c-federated", points: evaluationLoss, marksPoints: true),
      ])
    return RunReport.section("Loss", [chart.legend(), RunReport.figure(chart.markup())])
  }

  /// A drawing in a box that scrolls rather than shrinks below legibility.
  static func figure(_ drawing: Markup) -> Markup { .tag("div", ["class": "figure"], [drawing]) }

  /// A table; columns from `numbersFrom` on hold numbers and end flush right.
  static func table(_ head: [String], _ rows: [[String]], numbersFrom: Int) -> Markup {
    func style(_ column: Int) -> KeyValuePairs<String, String> {
      column >= numbersFrom ? ["class": "number"] : [:]
    }
    let header = head.enumerated().map { column, text in
      Markup.element(
        name: "th",
        attributes: [.init(name: "scope", value: "col")]
          + (column >= numbersFrom ? [.init(name: "class", value: "number")] : []),
        children: [.text(text)])
    }
    let body = rows.map { row in
      Markup.tag(
        "tr", [:],
        row.enumerated().map { column, text in .tag("td", style(column), text: text) })
    }
    return .tag(
      "div", ["class": "figure"],
      [
        .tag(
          "table", [:],
          [.tag("thead", [:], [.tag("tr", [:], header)]), .tag("tbody", [:], body)])
      ])
  }
}
