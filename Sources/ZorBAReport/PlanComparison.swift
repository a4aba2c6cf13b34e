/// Two plans side by side: what a change of sites, budgets or rules would bring.
package struct PlanComparison: Equatable, Sendable {
  package var plan: PlanReport
  package var alternative: PlanReport
  /// What was changed, as the user wrote it.
  package var changes: [String]

  package init(_ plan: PlanReport, with alternative: PlanReport, changes: [String]) {
    self.plan = plan
    self.alternative = alternative
    self.changes = changes
  }

  /// The alternative, then the differences, as tables for a terminal.
  package func text() -> String {
    var text =
      "With \(TextTable.oneLine(changes.joined(separator: ", "))):\n\n" + alternative.text() + "\n"
    text += differences.rendered()
    let moves = movesTable
    if !moves.rows.isEmpty { text += "\n" + moves.rendered() }
    return text
  }

  private var differences: TextTable {
    var table = TextTable(header: ["difference", "plan", "what if", "change"])
    func row(_ name: String, _ path: KeyPath<PlanReport, Double>, _ write: (Double) -> String) {
      let before = plan[keyPath: path]
      let after = alternative[keyPath: path]
      let change =
        before > 0
        ? (after > before ? "+" : "") + NumberText.percent(after / before - 1, digits: 1) : "–"
      table.append(name, write(before), write(after), change)
    }
    row("Gamma", \.convergence) { NumberText.significant($0, digits: 5) }
    row("bias", \.bias) { NumberText.significant($0, digits: 5) }
    row("noise", \.variance) { NumberText.significant($0, digits: 5) }
    row("memory, all sites", \.memory, NumberText.fineBytes)
    row("slowest site", \.time) { plan.text(time: $0) }
    return table
  }

  /// How many blocks every site of both plans trains, where that changes; at most 40 sites.
  private var movesTable: TextTable {
    var table = TextTable(header: ["site", "blocks", "what if"])
    var after: [String: Double] = [:]
    for site in alternative.sites { after[site.name] = site.activeBlocks }
    let before = Set(plan.sites.map(\.name))
    let digits = plan.isRotating || alternative.isRotating ? 1 : 0
    func text(_ blocks: Double?) -> String {
      blocks.map { NumberText.fixed($0, digits: digits) } ?? "–"
    }
    for site in plan.sites where after[site.name] != site.activeBlocks {
      table.append(site.name, text(site.activeBlocks), text(after[site.name]))
    }
    for site in alternative.sites where !before.contains(site.name) {
      table.append(site.name, text(nil), text(site.activeBlocks))
    }
    if table.rows.count > 40 {
      let more = table.rows.count - 40
      table.rows.removeLast(more)
      table.append("… \(more) more")
    }
    return table
  }
}
