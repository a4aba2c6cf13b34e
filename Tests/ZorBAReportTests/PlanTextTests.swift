import Testing

@testable import ZorBAReport

@Suite("A plan on a terminal")
struct PlanTextTests {
  private func picture(_ report: PlanReport) -> [String] {
    report.text().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("shows every cell of a small plan")
  func small() {
    let report = PlanReport.sample
    let lines = picture(report)
    #expect(lines[0] == "Who trains which blocks")
    for (site, row) in report.share.enumerated() {
      let cells = lines[2 + site].split(separator: " ").suffix(12).joined()
      #expect(cells == row.map { $0 == 1 ? "█" : "·" }.joined())
      #expect(lines[2 + site].hasPrefix(report.sites[site].name))
    }
    // The ruler numbers every fifth column, each above its cell.
    let cell = lines[2].count - 2 * 11 - 1
    for block in [0, 5, 10] {
      let label = lines[1].dropFirst(cell + 2 * block).prefix("\(block)".count)
      #expect(label == "\(block)")
    }
  }

  @Test("shows shares of a cycle in tenths, exact ones alone as always and never")
  func rotating() {
    var report = PlanReport.rotating
    report.share[0] = [0, 0.001, 0.04, 0.25, 0.5, 0.94, 0.999, 1] + report.share[0].dropFirst(8)
    let lines = picture(report)
    #expect(lines[0].contains("cycle of 8 matrices, 10 rounds each"))
    let cells = lines[2].split(separator: " ").suffix(24).prefix(8).joined()
    #expect(cells == "·113599█" || cells == "·112599█")
  }

  @Test("folds what is too large, and says so")
  func large() {
    let lines = picture(.large)
    #expect(lines.contains { $0.contains("a column is 4 blocks; a row is 6 sites") })
    let table = lines.prefix { !$0.hasPrefix("█ always") }
    #expect(table.count <= 2 + 40)
    #expect(table.allSatisfy { $0.count <= 120 })
    #expect(lines.contains { $0.hasPrefix("… 190 more") })
  }

  @Test("says what is proven and what is not")
  func verdicts() {
    let text = PlanReport.sample.text()
    #expect(text.contains("proven: no plan is better"))
    #expect(text.contains("4.30 %"))
    var open = PlanReport.sample
    open.stages[0].isProvenOptimal = false
    open.stages[0].lowerBound *= 0.98
    #expect(open.text().contains("at most 2.0 % above the best there can be"))
  }

  @Test("claims no bound on Gamma where another stage came first")
  func order() {
    var report = PlanReport.sample
    #expect(report.text().contains("no plan is below this"))
    report.stages.swapAt(0, 1)
    #expect(!report.text().contains("no plan is below this"))
    #expect(!report.html().contains("that is proven"))
  }

  @Test("sums memory and traffic over sites, and takes the slowest")
  func totals() {
    let report = PlanReport.sample
    let total = picture(report).first { $0.hasPrefix("all; slowest") } ?? ""
    #expect(total.contains(NumberText.fineBytes(report.memory)) && total.contains("96 B"))
    #expect(total.contains(report.text(time: report.sites.map(\.time).max() ?? -1)))
  }

  @Test("compares two plans by the change in what matters")
  func comparison() {
    let plan = PlanReport.sample
    var other = plan
    for block in other.blocks.indices { other.blocks[block].variance *= 0.5 }
    other.sites[1].activeBlocks += 2
    other.sites[5].name = "hospice"
    let text = PlanComparison(plan, with: other, changes: ["min_clients=1"]).text()
    #expect(text.hasPrefix("With min_clients=1:"))
    let lines = text.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("noise") && $0.hasSuffix("\u{2212}50.0 %") })
    #expect(lines.contains { $0.hasPrefix("memory, all") && $0.hasSuffix(" 0.0 %") })
    let moved = lines.drop { !$0.hasSuffix("what if") }
    #expect(moved.contains { $0.hasPrefix("county north") })
    #expect(moved.contains { $0.hasPrefix("rehab") && $0.hasSuffix("\u{2013}") })
    #expect(moved.contains { $0.hasPrefix("hospice") })
    #expect(!moved.contains { $0.hasPrefix("university") })
  }
}
