import Testing
import ZorBAData
import ZorBADiagnostics
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBA

/// What is told of segments never lets the hidden ones be computed.
@Suite struct SuppressionTests {
  /// Everything that a reader is told of counts: the total, and the cells that are not hidden.
  private struct Release: Hashable {
    var total: Int
    var cells: [Int?]
  }

  private func release(_ counts: [Int], minimum: Int) -> Release {
    let told = CellSuppression.told(counts, minimum: minimum)
    return Release(
      total: counts.reduce(0, +),
      cells: counts.indices.map { told.contains($0) ? counts[$0] : nil })
  }

  /// Over all tables that give the same release, which a reader who knows the rule can list, every
  /// hidden cell takes several values; and the hidden cells are no small group together.
  @Test(arguments: [
    (3, 2), (3, 3), (3, 4), (3, 5), (3, 6), (4, 3), (4, 4), (5, 3), (5, 4), (10, 3),
  ])
  func hiddenCellsStayUnknown(minimum: Int, cells: Int) {
    var tables: [Release: [[Int]]] = [:]
    let largest = cells > 4 ? minimum + 3 : 2 * minimum + 4
    func visit(_ counts: [Int]) {
      guard counts.count < cells else {
        tables[release(counts, minimum: minimum), default: []].append(counts)
        return
      }
      for count in 1...largest { visit(counts + [count]) }
    }
    visit([])
    var releasesWithHidden = 0
    var faults: [String] = []
    // Where nothing is told there are no cells either (`SegmentTable`).
    for (release, tables) in tables where release.cells.contains(where: { $0 != nil }) {
      let hidden = release.cells.indices.filter { release.cells[$0] == nil }
      if !hidden.isEmpty { releasesWithHidden += 1 }
      if release.cells.contains(where: { ($0 ?? minimum) < minimum }) {
        faults.append("\(release)")
      }
      for place in hidden where Set(tables.map { $0[place] }).count < 2 {
        faults.append("\(release) \(tables)")
      }
      if !hidden.isEmpty, hidden.reduce(0, { $0 + tables[0][$1] }) < minimum {
        faults.append("\(release) small")
      }
    }
    #expect(faults.isEmpty, "\(faults.prefix(3))")
    #expect(releasesWithHidden > 5 || cells == 2)
  }

  @Test func noMoreIsHiddenThanMustBe() {
    #expect(CellSuppression.told([20, 30, 40], minimum: 10) == [0, 1, 2])
    #expect(CellSuppression.told([9, 30, 20, 40], minimum: 10) == [1, 3])
    #expect(CellSuppression.told([9, 8, 20, 40], minimum: 10) == [2, 3])
    #expect(CellSuppression.told([1, 2, 20, 40], minimum: 10) == [3])
    #expect(CellSuppression.told([9, 9, 20, 40], minimum: 10) == [3])
    #expect(CellSuppression.told([9, 20, 20, 40], minimum: 10) == [3])
    #expect(CellSuppression.told([5], minimum: 10) == [])
    #expect(CellSuppression.told([], minimum: 10) == [])
    #expect(CellSuppression.told([1, 2], minimum: 1) == [0, 1])
  }

  /// A table made of examples: what is told are the segments' own figures.
  @Test func figuresAreTheSegmentsOwn() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      var cells: [String: Metrics] = [:]
      for name in ["", "north", "south", "west"] {
        var metrics = Metrics(labels: ["a", "b"])
        for _ in 0..<Int.random(in: 1...9, using: &random) {
          metrics.add(
            label: Int.random(in: 0...1, using: &random),
            prediction: Int.random(in: 0...1, using: &random), loss: (0.5, 1))
        }
        cells[name] = metrics
      }
      let table = SegmentTable(cells, minimumCount: 5)
      for row in table.rows {
        guard let figures = row.figures else { continue }
        let metrics = try #require(cells[row.name])
        #expect(figures == Evaluation.Figures(metrics) && figures.examples >= 5)
      }
      #expect(SegmentTable(cells, minimumCount: 1).told.count == 4)
      #expect(SegmentTable(cells, minimumCount: 1000).rows.isEmpty)
      let text = table.json.serialized
      #expect(try SegmentTable(parsing: Array(text.utf8)) == table)
      // A hidden cell leaves no number behind.
      for row in table.rows where row.figures == nil {
        #expect(table.json[row.name] == .null)
      }
    }
  }

  @Test func pooledSegmentsCountByRows() throws {
    let tables = try [
      #"{"x": {"accuracy": 0.5, "macro_f1": 0.5, "loss": 1, "examples": 10}, "y": null}"#,
      #"{"x": {"accuracy": 1, "macro_f1": 1, "loss": 2, "examples": 30}, "z": null}"#,
    ].map { try SegmentTable(parsing: Array($0.utf8)) }
    let pooled = SegmentTable(pooling: tables)
    #expect(pooled.rows.map(\.name) == ["x", "y", "z"])
    #expect(pooled.told.count == 1 && pooled.told[0].figures.examples == 40)
    #expect(pooled.told[0].figures.accuracy == 0.875 && pooled.told[0].figures.loss == 1.75)
    #expect(SegmentTable(pooling: []).rows.isEmpty)
  }

  /// Suppression leaves alone what is suppressed, and does to others what the site should have done.
  @Test func suppressionIsDoneOnce() throws {
    var random = SeededGenerator(seed: 12)
    for _ in 0..<500 {
      let cells = (0..<Int.random(in: 0...6, using: &random)).map {
        SegmentTable.Row(
          name: "\($0)",
          figures: .init(
            accuracy: 0.5, macroF1: nil, loss: 1, examples: .random(in: 1...12, using: &random)))
      }
      let table = SegmentTable(rows: cells).suppressed(minimumCount: 5)
      let told = CellSuppression.told(cells.compactMap(\.figures?.examples), minimum: 5)
      #expect(table.rows.indices.filter { table.rows[$0].figures != nil } == told.sorted())
      #expect(table.suppressed(minimumCount: 5) == table)
      #expect(SegmentTable(rows: cells).suppressed(minimumCount: 1).told.count == cells.count)
      // Names of hidden segments are values of rows, and stay where those are.
      let bytes = table.payload
      #expect((bytes == nil) == table.told.isEmpty)
      if let bytes {
        #expect(
          try SegmentTable(parsing: bytes)
            == SegmentTable(rows: table.rows.filter { $0.figures != nil }))
      }
    }
    let odd = SegmentTable.Row(
      name: "x", figures: .init(accuracy: nil, macroF1: nil, loss: .nan, examples: 9))
    #expect(SegmentTable(rows: [odd]).payload == nil)
  }

  /// Whatever a site sends is a table or an error.
  @Test func anythingIsRead() {
    var random = SeededGenerator(seed: 9)
    let text =
      #"{"north": {"accuracy": 0.5, "macro_f1": null, "loss": 1.25, "examples": 12}, "": null}"#
    var read = 0
    for _ in 0..<4000 {
      let bytes = random.mutated(Array(text.utf8), within: 0..<text.utf8.count)
      do {
        let table = try SegmentTable(parsing: bytes)
        read += 1
        for figures in table.told.map(\.figures) {
          #expect(figures.loss.isFinite && figures.examples > 0)
        }
      } catch {
        #expect((error as? ZorBAError)?.code == .invalidData)
      }
    }
    #expect(read > 10)
    #expect(throws: ZorBAError.self) {
      try SegmentTable(
        parsing: Array(
          #"{"n": {"accuracy": 2, "macro_f1": null, "loss": 1, "examples": 9}}"#.utf8))
    }
  }
}
