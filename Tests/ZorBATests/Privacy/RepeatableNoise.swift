import ZorBAPrivacy
import ZorBATestSupport

/// A repeatable generator in the place of a cryptographic one, so that a test says the same each time.
struct RepeatableNoise: CryptographicGenerator {
  private var generator: SeededGenerator
  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }
  mutating func next() -> UInt64 { generator.next() }
}
