import Testing
import ZorBADiagnostics

@Suite struct ExcerptTests {
  @Test func shortTextIsItself() {
    #expect("model.layers.0.weight".excerpt() == "model.layers.0.weight")
    #expect("层 é".excerpt() == "层 é")
    #expect("".excerpt() == "")
    #expect("abc".excerpt(limit: 3) == "abc")
  }

  @Test func longTextIsCutWithAMark() {
    #expect("abcd".excerpt(limit: 3) == "abc…")
    #expect(String(repeating: "x", count: 1 << 20).excerpt().unicodeScalars.count == 81)
  }

  @Test("No escape sequence reaches a terminal")
  func controlsAreSpelledOut() {
    #expect("a\u{1B}[31mb\nc".excerpt() == #"a\u{1b}[31mb\u{a}c"#)
    #expect("a\u{202E}b\u{2028}".excerpt() == #"a\u{202e}b\u{2028}"#)
  }

  @Test("One character with a million marks stays short")
  func combiningMarksAreBounded() {
    let tower = "e" + String(repeating: "\u{301}", count: 1 << 20)
    #expect(tower.excerpt().unicodeScalars.count <= 8)
  }
}
