import Testing
import ZorBATestSupport

@testable import ZorBAReport

@Suite("Axes")
struct ScaleTests {
  @Test("A linear axis covers its data with few, round, evenly spaced, distinct ticks")
  func linear() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<4000 {
      let values = (0..<Int(generator.next() % 6)).map { _ in generator.wildDouble() }
      let includesZero = generator.next() % 2 == 0
      let scale = LinearScale(covering: values, includesZero: includesZero)
      let comment = Comment(rawValue: "\(values) \(scale.ticks)")
      #expect((2...9).contains(scale.ticks.count), comment)
      #expect(zip(scale.ticks, scale.ticks.dropFirst()).allSatisfy(<), comment)
      #expect(Set(scale.labels).count == scale.labels.count, "\(scale.labels) \(values)")
      let step = (scale.upper - scale.lower) / Double(scale.ticks.count - 1)
      for (index, tick) in scale.ticks.enumerated() {
        #expect(tick.isFinite)
        #expect(abs(tick - (scale.lower + Double(index) * step)) <= step * 1e-5, comment)
      }
      for value in values where value.isFinite && value.magnitude < 1e299 {
        // A value may lie outside by less than the rounding of the step, as 5e-324 does beside 0.
        #expect(scale.lower - step * 1e-12 <= value && value <= scale.upper + step * 1e-12, comment)
        #expect((0...1).contains(scale.position(of: value)))
      }
      if includesZero { #expect(scale.lower <= 0 && scale.upper >= 0) }
    }
  }

  @Test("Steps are 1, 2 or 5 times a power of ten")
  func roundSteps() {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<2000 {
      let low = Double.random(in: -1000...1000, using: &generator)
      let span = Double.random(in: 0.01...5000, using: &generator)
      let scale = LinearScale(covering: [low, low + span])
      let step = (scale.upper - scale.lower) / Double(scale.ticks.count - 1)
      let mantissa = step / PowerOfTen.value(PowerOfTen.exponent(of: step * (1 + 1e-9)))
      #expect([1.0, 2, 5].contains { abs($0 - mantissa) < 1e-6 }, "\(step)")
      #expect(scale.ticks.allSatisfy { abs(($0 / step).rounded() - $0 / step) < 1e-6 })
    }
  }

  @Test(
    "Known axes",
    arguments: [
      ([0.0, 1], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
      ([0, 100], ["0", "20", "40", "60", "80", "100"]),
      ([1.05, 2.1], ["1.0", "1.5", "2.0", "2.5"]),
      ([-0.02, 0.01], ["\u{2212}0.02", "\u{2212}0.01", "0.00", "0.01"]),
      ([0, 3e7], ["0", "1e7", "2e7", "3e7"]),
    ])
  func known(values: [Double], labels: [String]) {
    #expect(LinearScale(covering: values).labels == labels)
  }

  @Test(
    "An axis without extent, or without data, is usable",
    arguments: [[], [7.5], [0, 0], [.nan], [.infinity], [-4, -4], [1e16, 1e16 + 2]])
  func degenerate(values: [Double]) {
    let scale = LinearScale(covering: values)
    #expect(scale.upper > scale.lower)
    for value in values where value.isFinite {
      #expect(scale.lower <= value && value <= scale.upper)
    }
  }

  @Test("A logarithmic axis covers its data between whole decades")
  func logarithmic() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<3000 {
      let values = (0..<Int(generator.next() % 6)).map { _ in generator.wildDouble() }
      let scale = LogScale(covering: values)
      #expect((2...10).contains(scale.exponents.count), "\(values) \(scale.exponents)")
      #expect(zip(scale.exponents, scale.exponents.dropFirst()).allSatisfy(<))
      var last = 0.0
      for value in values.filter({ $0 > 0 && $0.isFinite }).sorted() {
        let position = scale.position(of: value)
        #expect((0...1).contains(position) && position >= last)
        last = position
        if let first = scale.exponents.first, let end = scale.exponents.last {
          #expect(PowerOfTen.value(first) <= value && value <= PowerOfTen.value(end))
        }
      }
      #expect(scale.position(of: 0) == 0)
      #expect(scale.position(of: -.infinity) == 0)
      #expect(scale.position(of: .nan) == 0)
    }
  }

  @Test("Exponents of ten bracket their magnitude")
  func exponents() {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<3000 {
      let value = Double(bitPattern: generator.next() >> 1)
      guard value.isFinite, value > 0 else { continue }
      let exponent = PowerOfTen.exponent(of: value)
      #expect(PowerOfTen.value(exponent) <= value)
      #expect(value < PowerOfTen.value(exponent + 1))
    }
    #expect(PowerOfTen.exponent(of: 1000) == 3)
    #expect(PowerOfTen.exponent(of: 0.001) == -3)
    #expect(PowerOfTen.exponent(of: .leastNonzeroMagnitude) == -324)
  }
}
