import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite("Numbers as text")
struct NumberTextTests {
  @Test("Fixed decimals are the nearest ones")
  func fixed() throws {
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<5000 {
      let digits = Int(generator.next() % 7)
      let value = Double.random(in: -1e6...1e6, using: &generator)
      let text = NumberText.fixed(value, digits: digits)
      let plain = text.replacing("\u{2212}", with: "-")
      let back = try #require(Double(plain))
      #expect(abs(back - value) <= 0.5 * PowerOfTen.value(-digits) * (1 + 1e-6) + 1e-9)
      #expect(plain.split(separator: ".").dropFirst().first?.count ?? 0 == digits)
    }
    #expect(NumberText.fixed(-0.001, digits: 2) == "0.00")
  }

  @Test("Significant digits are close to the value")
  func significant() throws {
    var generator = SeededGenerator(seed: 13)
    for _ in 0..<5000 {
      let value = generator.wildDouble()
      // Rounding up next to the largest double leaves its range.
      guard value.magnitude > 1e-300, value.magnitude < 1e308 else { continue }
      let text = NumberText.significant(value, digits: 4).replacing("\u{2212}", with: "-")
      let back = try #require(Double(text), "\(value) \(text)")
      #expect(abs(back - value) <= value.magnitude * 6e-4, "\(value) \(text)")
    }
  }

  @Test("Units and groups")
  func units() {
    #expect(NumberText.bytes(0) == "0 B")
    #expect(NumberText.fineBytes(96) == "96 B" && NumberText.fineBytes(1048576) == "1.00 MiB")
    #expect(NumberText.fineBytes(523.4 * 0x1p20) == "523 MiB")
    #expect(NumberText.fineBytes(1023.9 * 0x1p20) == "1.00 GiB")
    #expect(NumberText.bytes(96) == "96 B")
    #expect(NumberText.bytes(1023) == "1023 B")
    #expect(NumberText.bytes(1024) == "1.0 KiB")
    #expect(NumberText.bytes(1_048_575) == "1.0 MiB")
    #expect(NumberText.bytes(150 * 1024 * 1024) == "150 MiB")
    #expect(NumberText.percent(0.7125) == "71.2 %")
    #expect(NumberText.percent(.nan) == "not a number")
    #expect(NumberText.seconds(0.42) == "0.42 s")
    #expect(NumberText.seconds(59.99) == "1 min 0 s")
    #expect(NumberText.seconds(200) == "3 min 20 s")
    #expect(NumberText.seconds(7500) == "2 h 5 min")
    #expect(NumberText.grouped(1_234_567) == "1\u{202F}234\u{202F}567")
    #expect(NumberText.grouped(.min).hasPrefix("\u{2212}9\u{202F}223"))
  }

  @Test("Coordinates are plain and bounded")
  func coordinates() throws {
    var generator = SeededGenerator(seed: 14)
    for _ in 0..<5000 {
      let value = generator.wildDouble()
      let text = NumberText.coordinate(value)
      let back = try #require(Double(text))
      #expect(abs(back) <= 1e6)
      #expect(!text.contains("e"))
      if value.magnitude < 1e6 { #expect(abs(back - value) <= 0.00501) }
    }
    #expect(NumberText.coordinate(-0.05) == "-0.05")
    #expect(NumberText.coordinate(12.5) == "12.5")
  }
}
