import Testing
import ZorBASitePolicy
import ZorBATestSupport

@Suite struct SharedFieldsTests {
  @Test func whatIsNotSharedIsZero() throws {
    var share = try PolicyText().policy().share
    (share.losses, share.timings, share.peakMemory) = (true, true, true)
    #expect(share.loss(Float(2.5)) == 2.5 && share.loss(2.5) == 2.5)
    #expect(share.seconds(3) == 3 && share.peakMemoryMiB(4) == 4 && share.sharesCosts)
    (share.losses, share.timings) = (false, false)
    #expect(share.loss(Float(2.5)) == 0 && share.loss(2.5) == 0)
    #expect(share.seconds(3) == 0 && share.peakMemoryMiB(4) == 4 && !share.sharesCosts)
    share.peakMemory = false
    #expect(share.peakMemoryMiB(4) == 0)
  }

  @Test func countsAreRoundedToTheNearestMultiple() throws {
    var share = try PolicyText().policy().share
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<2000 {
      let multiple = Int.random(in: 2...1000, using: &generator)
      let count = Int.random(in: 1...100_000, using: &generator)
      share.exampleCount = .rounded(to: multiple)
      let told = share.examples(count)
      #expect(told % multiple == 0 && told >= multiple)
      #expect(abs(told - count) * 2 <= multiple || told == multiple)
    }
    #expect(share.examples(0) == 0 && share.examples(-3) == 0)
    #expect(share.examples(Int.max) > 0)
    share.exampleCount = .exact
    #expect(share.examples(17) == 17)
  }

  /// Against the definition: a star takes any number of bytes.
  @Test func patternsMatchAsDefined() {
    func reference(_ pattern: Substring, _ name: Substring) -> Bool {
      guard let first = pattern.first else { return name.isEmpty }
      if first == "*" {
        return reference(pattern.dropFirst(), name)
          || !name.isEmpty && reference(pattern, name.dropFirst())
      }
      return name.first == first && reference(pattern.dropFirst(), name.dropFirst())
    }
    var generator = SeededGenerator(seed: 8)
    var matched = 0
    for _ in 0..<5000 {
      func word(_ letters: String, _ longest: Int) -> String {
        let length = Int.random(in: 0...longest, using: &generator)
        return String((0..<length).map { _ in letters.randomElement(using: &generator) ?? "a" })
      }
      let (pattern, name) = (word("ab*", 6), word("ab", 8))
      let expected = reference(pattern[...], name[...])
      matched += expected ? 1 : 0
      #expect(NamePattern(pattern).matches(name) == expected, "\(pattern) \(name)")
    }
    #expect(matched > 500)
    #expect(!NamePattern("caf\u{E9}").matches("cafe\u{301}"))
  }
}
