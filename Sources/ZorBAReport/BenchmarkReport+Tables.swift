/// A table before it is drawn: the same for the page, for Markdown and for a terminal.
struct BenchmarkTable: Equatable, Sendable {
  var title: String
  var head: [String]
  var rows: [[String]]
  /// The first column that holds numbers.
  var numbersFrom: Int
}

extension BenchmarkReport.Comparison {
  /// The tables of the comparison; those that would be empty are left out.
  var tables: [BenchmarkTable] {
    [qualityTable, equalTable, costTable, siteTable].filter { !$0.rows.isEmpty }
  }

  private var qualityTable: BenchmarkTable {
    BenchmarkTable(
      title: "Quality",
      head: [
        "method", "regime", "accuracy", "macro F1", "loss", "own rows", "worst site", "before",
        "seeds",
      ],
      rows: rows.map { row in
        [
          row.method, row.regime, Self.percent(row.accuracy), Self.number(row.macroF1, digits: 3),
          Self.number(row.loss, digits: 4), Self.percent(row.ownAccuracy),
          Self.percent(row.worstSite), row.accuracyBefore.map { NumberText.percent($0) } ?? "–",
          row.failed == 0 ? "\(row.seeds)" : "\(row.seeds), \(row.failed) failed",
        ]
      }, numbersFrom: 2)
  }

  /// Methods that had different rounds or speeds, where all of them had been.
  private var equalTable: BenchmarkTable {
    BenchmarkTable(
      title: "At equal rounds and at equal seconds",
      head: ["method", "regime", "rounds", "accuracy there", "seconds", "accuracy there"],
      rows: rows.compactMap { row in
        guard let budget = budgets.first(where: { $0.regime == row.regime }),
          row.atEqualRounds != nil || row.atEqualSeconds != nil
        else { return nil }
        return [
          row.method, row.regime, NumberText.grouped(budget.rounds),
          Self.percent(row.atEqualRounds), NumberText.seconds(budget.seconds),
          Self.percent(row.atEqualSeconds),
        ]
      }, numbersFrom: 2)
  }

  private var costTable: BenchmarkTable {
    BenchmarkTable(
      title: "Cost",
      head: [
        "method", "regime", "bytes a site and round", "as published", "peak memory", "trained",
        "rounds", "forward passes", "seconds", "energy", "CO2e",
      ],
      rows: rows.filter { $0.seeds > 0 }.map { row in
        let isEstimate = row.isEnergyMeasured ? "" : " (estimate)"
        return [
          row.method, row.regime, Self.optional(row.bytesPerClientRound, NumberText.bytes),
          Self.optional(row.publishedBytes, NumberText.bytes),
          Self.optional(row.peakBytes, NumberText.fineBytes),
          Self.optional(row.trainedParameters) { NumberText.significant($0) },
          Self.count(row.rounds), Self.count(row.forwardPasses),
          row.seconds.map { NumberText.seconds($0.mean) } ?? "–",
          row.joules.map { NumberText.significant($0 / 3600) + " Wh" + isEstimate } ?? "–",
          row.grams.map { NumberText.significant($0) + " g" } ?? "–",
        ]
      }, numbersFrom: 2)
  }

  /// What each site gets; where sites are alike there is nothing to tell.
  private var siteTable: BenchmarkTable {
    let named = rows.filter { $0.sites.count > 1 && Set($0.sites.map(\.accuracy)).count > 1 }
    var names: [String] = []
    for site in named.flatMap(\.sites) where !names.contains(site.name) { names.append(site.name) }
    // Beyond this no page is wide enough; `results.json` has all of them.
    let shown = Array(names.prefix(12))
    return BenchmarkTable(
      title: "Accuracy by site", head: ["method", "regime"] + shown,
      rows: named.map { row in
        [row.method, row.regime]
          + shown.map { name in
            row.sites.first { $0.name == name }.map { NumberText.percent($0.accuracy) } ?? "–"
          }
      }, numbersFrom: 2)
  }

  private static func percent(_ interval: BenchmarkReport.Interval?) -> String {
    guard let interval else { return "–" }
    let width = interval.halfWidth.map { " ± \(NumberText.fixed($0 * 100, digits: 1))" } ?? ""
    return NumberText.fixed(interval.mean * 100, digits: 1) + width + " %"
  }

  private static func number(_ interval: BenchmarkReport.Interval?, digits: Int) -> String {
    guard let interval else { return "–" }
    let width = interval.halfWidth.map { " ± \(NumberText.significant($0, digits: 2))" } ?? ""
    return NumberText.fixed(interval.mean, digits: digits) + width
  }

  private static func count(_ value: Double?) -> String {
    guard let value else { return "–" }
    guard value.magnitude < 1e15, value == value.rounded() else {
      return NumberText.significant(value)
    }
    return NumberText.grouped(Int(value))
  }

  private static func optional(_ value: Double?, _ text: (Double) -> String) -> String {
    value.map(text) ?? "–"
  }
}
