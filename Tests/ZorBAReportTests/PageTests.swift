import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite("The page")
struct PageTests {
  @Test("is well-formed, with unique identities, and complete")
  func sample() {
    let page = RunReport.sample.html()
    let parsed = WellFormedness(of: page)
    #expect(parsed.fault == nil)
    #expect(Set(parsed.identities).count == parsed.identities.count)
    // Accuracy, loss, blocks, active share, traffic and seconds, and the swatches of the legends.
    #expect(parsed.elements["desc"] == 6)
    for text in ["Accuracy per site", "Block activation", "5f1b3a0c9d7e4482a1c0ffee12345678"] {
      #expect(parsed.text.contains(text))
    }
  }

  @Test("needs nothing from outside and runs nothing")
  func selfContained() {
    let page = RunReport.sample.html()
    for forbidden in ["<script", "src=", "@import", "url(", "<link", "href="] {
      #expect(!page.contains(forbidden))
    }
    let addresses = page.split(separator: "\"").filter { $0.hasPrefix("http") }
    #expect(Set(addresses) == ["http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"])
  }

  @Test("has a style sheet that survives being raw text")
  func styleSheet() {
    // A style element does not unescape, so nothing in it may need escaping.
    #expect(!StyleSheet.text.contains(where: { "<>&\"'".contains($0) }))
    #expect(RunReport.sample.html().contains("prefers-color-scheme: dark"))
  }

  @Test("is the same bytes for the same report")
  func deterministic() {
    let copy = RunReport.sample
    #expect(copy.html() == RunReport.sample.html())
    var other = RunReport.sample
    other.sites[0].federated?.accuracy = 0.5
    #expect(other.html() != copy.html())
  }

  @Test("leaves out what is not known")
  func empty() {
    let parsed = WellFormedness(of: RunReport(title: "Nothing yet").html())
    #expect(parsed.fault == nil)
    #expect(parsed.elements["section"] == nil)
    #expect(parsed.elements["svg"] == nil)
    #expect(parsed.elements["h1"] == 1)
  }

  @Test("puts warnings first")
  func warnings() throws {
    let page = RunReport.sample.html()
    let warning = try #require(page.firstRange(of: "Stochastic rounding"))
    let remark = try #require(page.firstRange(of: "messages are synthetic"))
    #expect(warning.lowerBound < remark.lowerBound)
  }

  @Test("stays well-formed and keeps hostile text as text", arguments: 0..<150)
  func hostile(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let report = RunReport.wild(&generator)
    let page = report.html()
    let parsed = WellFormedness(of: page)
    #expect(parsed.fault == nil)
    #expect(parsed.elements["script"] == nil)
    #expect(parsed.elements["evil"] == nil)
    #expect(report.html() == page)
  }

  @Test("shows markup in names as text")
  func escaping() {
    let name = "<evil a=\"1\" b='2'>&amp;</evil>"
    var report = RunReport.sample
    report.title = name
    report.sites[0].name = name
    report.facts[0].value = name
    report.notes[0].text = name
    let parsed = WellFormedness(of: report.html())
    #expect(parsed.fault == nil)
    #expect(parsed.elements["evil"] == nil)
    #expect(parsed.text.occurrences(of: name) >= 5)
  }
}

extension String {
  /// How often `part` occurs without overlap.
  fileprivate func occurrences(of part: String) -> Int {
    ranges(of: part).count
  }
}

extension RunReport {
  /// A report of random size with numbers and texts of the worst kind.
  static func wild(_ generator: inout SeededGenerator) -> RunReport {
    func values(_ generator: inout SeededGenerator, _ limit: UInt64) -> [RoundValue] {
      (0..<Int(generator.next() % limit)).map {
        RoundValue(
          round: generator.next() % 9 == 0 ? Int(truncatingIfNeeded: generator.next()) : $0,
          value: generator.wildDouble())
      }
    }
    func metrics(_ generator: inout SeededGenerator) -> Metrics? {
      guard generator.next() % 4 > 0 else { return nil }
      return Metrics(
        accuracy: generator.wildDouble(), macroF1: generator.wildDouble(),
        loss: generator.wildDouble(), examples: Int(truncatingIfNeeded: generator.next()))
    }
    var report = RunReport(title: "<evil>" + generator.wildText())
    report.summary = generator.wildText()
    report.trainingLoss = values(&generator, 900)
    report.evaluationLoss = values(&generator, 9)
    report.sites = (0..<Int(generator.next() % 40)).map { _ in
      Site(
        name: "<evil>" + generator.wildText(), before: metrics(&generator),
        alone: metrics(&generator), federated: metrics(&generator))
    }
    report.blocks = BlockActivation(
      participants: (0..<Int(generator.next() % 90)).map { _ in generator.wildText() },
      share: (0..<Int(generator.next() % 90)).map { _ in
        (0..<Int(generator.next() % 150)).map { _ in generator.wildDouble() }
      }, activeByRound: values(&generator, 20))
    report.traffic = Traffic(
      upPerClientRound: generator.wildDouble(), downPerClientRound: generator.wildDouble(),
      upTotal: generator.wildDouble(), downTotal: generator.wildDouble(),
      weightsOnce: generator.wildDouble())
    report.memory = Memory(
      peak: generator.wildDouble(), predicted: generator.wildDouble(),
      weights: generator.wildDouble())
    report.seconds = Seconds(
      forward: generator.wildDouble(), update: generator.wildDouble(),
      other: generator.wildDouble())
    report.participants = [Participant(name: "<evil>", rounds: .min, detail: generator.wildText())]
    report.state = State(digest: generator.wildText(), journalBytes: generator.wildDouble())
    report.notes = [Note(.warning, generator.wildText()), Note(.remark, "</p><evil/>")]
    return report
  }
}
