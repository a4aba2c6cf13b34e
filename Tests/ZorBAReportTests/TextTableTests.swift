import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite("Tables for the terminal")
struct TextTableTests {
  @Test("Text is flush left, numbers are flush right")
  func alignment() {
    var table = TextTable(header: ["site", "accuracy", "bytes"])
    table.append("bank", "61 %", "96 B")
    table.append("energy", "7.5 %", "1.2 KiB")
    #expect(
      table.rendered() == """
        site    accuracy    bytes
        ──────  ────────  ───────
        bank        61 %     96 B
        energy     7.5 %  1.2 KiB

        """)
  }

  @Test("Wide and combining characters keep the columns straight")
  func widths() {
    #expect(DisplayWidth.of("abc") == 3)
    #expect(DisplayWidth.of("日本") == 4)
    #expect(DisplayWidth.of("e\u{301}") == 1)
    #expect(DisplayWidth.of("👩‍🔬") == 2)
    #expect(DisplayWidth.of("❤️") == 2)
    #expect(DisplayWidth.of("") == 0)
    #expect(DisplayWidth.of("—…é") == 3)
    let table = TextTable(header: ["n", "x"], rows: [["日本", "1"], ["ab", "22"]])
    let lines = table.rendered().split(separator: "\n").map(String.init)
    #expect(lines.map(DisplayWidth.of) == [8, 8, 8, 8])
  }

  @Test("Uneven rows, control characters and no columns are harmless")
  func extremes() {
    #expect(TextTable(header: []).rendered() == "")
    #expect(TextTable(header: ["a"]).rendered() == "a\n─\n")
    let table = TextTable(header: ["a"], rows: [["1", "b\u{1B}[31m\nc"], []])
    let text = table.rendered()
    #expect(!text.contains("\u{1B}"))
    #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
  }

  @Test("Random tables have one line a row and no ragged columns", arguments: 0..<100)
  func random(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let header = (0..<Int(1 + generator.next() % 5)).map { _ in generator.wildText() }
    let rows = (0..<Int(generator.next() % 8)).map { _ in
      (0..<Int(generator.next() % 7)).map { _ in
        generator.next() % 2 == 0 ? "\(generator.wildDouble())" : generator.wildText()
      }
    }
    let text = TextTable(header: header, rows: rows).rendered()
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines.count == rows.count + 3)
    let rule = DisplayWidth.of(lines[1])
    #expect(lines.allSatisfy { DisplayWidth.of($0) <= rule })
    #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
  }
}
