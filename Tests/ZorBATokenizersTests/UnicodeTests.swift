import Foundation
import Testing
import ZorBAJSON
import ZorBATestSupport

@testable import ZorBATokenizers

@Suite struct UnicodeTests {
  /// Every scalar there is, against the ranges that the reference's own engine matched.
  @Test func classesAreThoseOfTheReference() throws {
    let path = "\(Goldens.root)/classes.json"
    let file = try JSONParser.parse(try Data(contentsOf: URL(fileURLWithPath: path)), file: path)
    var expected = [UInt8](repeating: ScalarClass.other.rawValue, count: 0x110000)
    let names: [(String, ScalarClass)] = [
      ("letter", .letter), ("number", .number), ("space", .space),
    ]
    for (name, kind) in names {
      let ranges = try #require(file[name]?.array)
      #expect(!ranges.isEmpty)
      for range in ranges {
        let first = try #require(range.array?.first?.integer)
        let last = try #require(range.array?.last?.integer)
        for value in first...last { expected[value] = kind.rawValue }
      }
    }
    let actual = ScalarClass.table
    let rest = expected[actual.count...]
    #expect(rest.allSatisfy { $0 == ScalarClass.other.rawValue })
    let different = actual.indices.filter { actual[$0] != expected[$0] }
    #expect(different.isEmpty, "\(different.prefix(20).map { String($0, radix: 16) })")
  }

  @Test func compositionIsThatOfTheReference() throws {
    let path = "\(Goldens.root)/nfc.jsonl"
    let content = try Data(contentsOf: URL(fileURLWithPath: path))
    var count = 0
    for line in content.split(separator: UInt8(ascii: "\n")) {
      let row = try JSONParser.parse(line)
      let text = try #require(row["text"]?.string)
      let expected = try #require(row["nfc"]?.string)
      let composed = CanonicalComposition.apply(to: Array(text.utf8))
      #expect(composed == Array(expected.utf8), "\(text.unicodeScalars.map { $0.value })")
      // What stands around a sequence must neither change it nor be changed.
      let framed = CanonicalComposition.apply(to: Array("x 日\(text)\u{10FFFF}é".utf8))
      if let first = text.unicodeScalars.first, first.value < 0x300 {
        #expect(framed == Array("x 日\(expected)\u{10FFFF}é".utf8))
      }
      #expect(CanonicalComposition.apply(to: framed) == framed)
      count += 1
    }
    #expect(count == 700)
  }

  @Test func compositionOfRandomTextIsEquivalentAndStable() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let text = generator.text(length: 40)
      let composed = CanonicalComposition.apply(to: Array(text.utf8))
      #expect(CanonicalComposition.apply(to: composed) == composed)
      #expect(String(validating: composed, as: UTF8.self) != nil)
    }
  }

  @Test func everyHangulSyllableComposes() {
    for value in UInt32(0xAC00)..<0xD7A4 {
      let index = value - 0xAC00
      var jamo = [0x1100 + index / 588, 0x1161 + index % 588 / 28]
      if index % 28 > 0 { jamo.append(0x11A7 + index % 28) }
      let text = String(String.UnicodeScalarView(jamo.compactMap(Unicode.Scalar.init)))
      let expected = String(String.UnicodeScalarView([value].compactMap(Unicode.Scalar.init)))
      #expect(CanonicalComposition.apply(to: Array(text.utf8)) == Array(expected.utf8))
    }
  }
}
