import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite struct BenchmarkPageTests {
  private static func sample(_ random: inout SeededGenerator) -> BenchmarkReport {
    func name() -> String {
      ["ZorBA", "<b>&\"'", "\u{1}\u{2028}|", "LoRA", ""].randomElement(using: &random) ?? ""
    }
    func value() -> Double {
      [0, 0.5, 1, .nan, .infinity, -.infinity, 1e300, .leastNonzeroMagnitude, -3].randomElement(
        using: &random) ?? 0
    }
    func interval() -> BenchmarkReport.Interval? {
      Bool.random(using: &random)
        ? .init(mean: value(), halfWidth: Bool.random(using: &random) ? value() : nil, count: 2)
        : nil
    }
    let rows = (0..<Int.random(in: 0...12, using: &random)).map { _ in
      var row = BenchmarkReport.Row(
        method: name(), regime: ["isolated", "federated", "x"].randomElement(using: &random) ?? "")
      row.seeds = Int.random(in: 0...3, using: &random)
      row.accuracy = interval()
      row.worstSite = interval()
      row.seconds = interval()
      row.bytesPerClientRound = Bool.random(using: &random) ? value() : nil
      row.publishedBytes = Bool.random(using: &random) ? value() : nil
      row.peakBytes = value()
      row.forwardPasses = value()
      row.joules = value()
      row.curve = (0..<Int.random(in: 0...4, using: &random)).map {
        .init(round: $0, seconds: value(), accuracy: value())
      }
      row.sites = (0..<Int.random(in: 0...20, using: &random)).map {
        .init(name: "\(name())\($0)", accuracy: value())
      }
      return row
    }
    return BenchmarkReport(
      title: name(), summary: name(), confidence: 0.95, methods: [.init(name(), name())],
      comparisons: [
        .init(
          title: name(), rows: rows,
          budgets: [.init(regime: "federated", rounds: 3, seconds: value())])
      ], notes: [.init(.warning, name())], failures: [.init(name(), name())])
  }

  /// Whatever the numbers and names are, the page is well-formed and the Markdown keeps its tables.
  @Test func everyReportCanBeDrawn() {
    var random = SeededGenerator(seed: 77)
    for trial in 0..<200 {
      let report = Self.sample(&random)
      let page = WellFormedness(of: report.html())
      #expect(page.fault == nil, "trial \(trial): \(page.fault ?? "")")
      #expect(Set(page.identities).count == page.identities.count)
      for line in report.markdown().split(separator: "\n") where line.hasPrefix("|") {
        #expect(line.hasSuffix("|"))
      }
      #expect(!report.terminalText().contains("\u{1}"))
    }
  }

  /// An interval is drawn as a line with ends, and its bar says how wide it is.
  @Test func intervalsAreDrawn() {
    var row = BenchmarkReport.Row(method: "ZorBA", regime: "federated")
    row.seeds = 3
    row.accuracy = .init(mean: 0.5, halfWidth: 0.02, count: 3)
    let report = BenchmarkReport(
      title: "t", summary: "", confidence: 0.95, methods: [],
      comparisons: [.init(title: "task", rows: [row], budgets: [])])
    let page = report.html()
    #expect(page.ranges(of: "class=\"interval\"").count == 3)
    #expect(page.contains("ZorBA, federated: 50.0 ± 2.0"))
    #expect(report.markdown().contains("| 50.0 ± 2.0 % |"))
  }
}
