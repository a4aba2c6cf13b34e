import ZorBATestSupport

extension SeededGenerator {
  /// Uniform in [-1, 1).
  mutating func signed() -> Float { Float.random(in: -1..<1, using: &self) }

  mutating func signed(_ count: Int) -> [Float] { (0..<count).map { _ in signed() } }

  mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}
