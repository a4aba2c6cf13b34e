import Testing
import ZorBATestSupport

@testable import ZorBABenchmarks

@Suite struct StatisticsTests {
  /// Tables of Student's t, to the digits that they print.
  @Test(
    arguments: [
      (0.975, 1.0, 12.7062), (0.975, 2, 4.30265), (0.975, 4, 2.77645), (0.975, 9, 2.26216),
      (0.975, 30, 2.04227), (0.975, 120, 1.97993), (0.95, 1, 6.31375), (0.95, 10, 1.81246),
      (0.995, 2, 9.92484), (0.995, 20, 2.84534), (0.9, 5, 1.47588), (0.9995, 3, 12.9240),
    ])
  func quantilesAreThoseOfTheTables(probability: Double, freedom: Double, value: Double) {
    let found = StudentT.quantile(probability, freedom: freedom)
    #expect(abs(found - value) < 5e-5 * value)
    #expect(StudentT.quantile(1 - probability, freedom: freedom) == -found)
    #expect(abs(StudentT.cumulative(found, freedom: freedom) - probability) < 1e-12)
  }

  /// With one and two degrees of freedom the distribution has a closed form.
  @Test func closedFormsAgree() {
    for step in -60...60 {
      let x = Double(step) / 7
      let two = 0.5 + x / (2 * (2 + x * x).squareRoot())
      #expect(abs(StudentT.cumulative(x, freedom: 2) - two) < 1e-13)
    }
    #expect(abs(StudentT.cumulative(1, freedom: 1) - 0.75) < 1e-14)
    #expect(StudentT.cumulative(0, freedom: 7) == 0.5)
  }

  @Test func aSingleSeedHasNoInterval() throws {
    let one = try #require(Estimate([0.5], confidence: 0.95))
    #expect(one.mean == 0.5 && one.halfWidth == nil && one.count == 1)
    #expect(Estimate([], confidence: 0.95) == nil)
    let same = try #require(Estimate([2, 2, 2], confidence: 0.95))
    #expect(same.halfWidth == 0)
    // 1, 2, 3: deviation 1, error 1/sqrt(3), t(2) = 4.30265.
    let three = try #require(Estimate([1, 2, 3], confidence: 0.95))
    #expect(abs((three.halfWidth ?? 0) - 2.48414) < 1e-4)
  }

  /// Nineteen of twenty intervals hold the mean that the figures were drawn around.
  @Test func intervalsHoldWhatTheyPromise() throws {
    var random = SeededGenerator(seed: 3)
    func normal() -> Double {
      (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
    }
    var held = 0
    for _ in 0..<4000 {
      let values = (0..<4).map { _ in 3 + 2 * normal() }
      let estimate = try #require(Estimate(values, confidence: 0.95))
      if estimate.low <= 3, 3 <= estimate.high { held += 1 }
    }
    #expect((3720...3880).contains(held))
  }

  @Test func countersWrapAround() {
    var readings: [UInt64] = [900, 950, 100, 130]
    var meter = EnergyMeter(zones: ["p", "psys", "gone"]) { path in
      switch path {
      case "p/name": "package-0"
      case "psys/name": "psys"
      case "p/max_energy_range_uj": "1000"
      case "p/energy_uj": readings.isEmpty ? nil : "\(readings.removeFirst())"
      default: nil
      }
    }
    for _ in 0..<3 { meter.update() }
    // 50 to 950, 150 over the end of 1000 to 100, 30 more.
    #expect(abs((meter.joules ?? 0) - 230e-6) < 1e-12)
    meter.update()
    #expect(meter.joules == nil)
    #expect(EnergyMeter(zones: ["x"]) { _ in nil }.joules == nil)
  }

  /// Runs keep their order, jobs and memory are kept to, and everything runs in the end.
  @Test func queuesKeepTheirLimits() {
    var random = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      let entries = (0..<Int.random(in: 0...12, using: &random)).map {
        PartQueue.Entry(
          cell: $0 / 2, part: $0 % 2, bytes: Int.random(in: 0...150, using: &random))
      }
      let jobs = Int.random(in: 1...4, using: &random)
      var queue = PartQueue(entries, jobs: jobs, availableBytes: 100)
      var running: [PartQueue.Entry] = []
      var order: [PartQueue.Entry] = []
      while !queue.isDone {
        while let entry = queue.start() {
          running.append(entry)
          order.append(entry)
          #expect(running.count <= jobs)
          #expect(running.count == 1 || running.reduce(0) { $0 + $1.bytes } <= 100)
        }
        guard !running.isEmpty else { break }
        queue.end(running.remove(at: Int.random(in: 0..<running.count, using: &random)))
      }
      #expect(order == entries)
    }
  }
}
