import Testing
import ZorBATestSupport

@testable import ZorBAPlanning

/// A model of time against machines that are made up, so that the truth is known.
@Suite struct TimeModelTests {
  /// A machine with rates of its own, two types of block, work of ordinary sizes.
  private struct Machine {
    let truth: TimeModel
    let work: StepWork

    init(seed: UInt64, blocks: Int = 9) {
      var random = SeededGenerator(seed: seed)
      func rate(_ scale: Double) -> Double { scale * Double.random(in: 0.5...2, using: &random) }
      let types = (0..<blocks).map { $0 == blocks - 1 ? 1 : 0 }
      truth = TimeModel(
        fixed: rate(1e-3), head: rate(2e-11), updateFixed: rate(1e-4), types: types,
        rates: (0..<2).map { _ in
          let prefix = rate(1e-11)
          return .init(
            prefix: prefix, suffix: 1.1 * prefix, active: rate(2e-12), generation: rate(1e-9),
            write: rate(2e-10), term: rate(1e-9))
        })
      work = StepWork(
        blockOperations: types.map { $0 == 0 ? 4e9 : 1e9 }, headOperations: 2e9,
        blockParameters: types.map { $0 == 0 ? 2e6 : 3e6 }, outerParameters: 1e7)
    }

    func sample(
      _ row: [Bool], scale: Double = 1, directions: Int = 1, outer: Bool = false,
      noise: (Double) -> [Double] = { [$0] }
    ) -> TimeSample {
      var work = work
      work.blockOperations = work.blockOperations.map { $0 * scale }
      work.headOperations *= scale
      let assignment = StepAssignment(row: row, outer: outer, directions: directions)
      return TimeSample(
        assignment: assignment, work: work,
        forward: noise(truth.forwardSeconds(assignment, work: work)),
        update: noise(
          truth.updateSeconds(row: row, outer: outer, terms: Double(directions), work: work)))
    }

    func rows(_ count: Int, _ random: inout SeededGenerator) -> [[Bool]] {
      (0..<count).map { _ in
        var row = truth.types.map { _ in Bool.random(using: &random) }
        row[Int.random(in: 0..<row.count, using: &random)] = true
        // Long prefixes are rare among random rows.
        for block in 0..<Int.random(in: 0..<row.count, using: &random) { row[block] = false }
        if !row.contains(true) { row[row.count - 1] = true }
        return row
      }
    }
  }

  @Test(arguments: 1..<8)
  func exactTimesAreExplainedExactly(_ seed: Int) {
    let machine = Machine(seed: UInt64(seed))
    var random = SeededGenerator(seed: UInt64(seed))
    let training =
      machine.rows(12, &random).map { machine.sample($0) }
      + machine.rows(6, &random).map { machine.sample($0, scale: 0.5) }
      + machine.rows(6, &random).map { machine.sample($0, directions: 3) }
    let model = TimeModel(fitting: training, types: machine.truth.types)
    // Other rows, and minibatches and directions that no sample had.
    let unseen =
      machine.rows(20, &random).map { machine.sample($0) }
      + machine.rows(20, &random).map { machine.sample($0, scale: 0.7, directions: 2) }
    #expect((model.error(on: unseen)?.maximum ?? 1) < 1e-5)
  }

  @Test(arguments: 1..<6)
  func noisyNeighboursDoNotBendIt(_ seed: Int) {
    let machine = Machine(seed: UInt64(seed))
    var random = SeededGenerator(seed: UInt64(seed) + 100)
    func noisy(_ seconds: Double) -> [Double] {
      (0..<5).map { _ in
        seconds * Double.random(in: 0.98...1.02, using: &random)
          * (Double.random(in: 0...1, using: &random) < 0.2 ? 3 : 1)
      }
    }
    let rows = machine.rows(14, &random)
    let training = rows.map { machine.sample($0, noise: noisy) }
    let model = TimeModel(fitting: training, types: machine.truth.types)
    let unseen = machine.rows(30, &random).map { machine.sample($0) }
    let error = model.error(on: unseen)
    #expect((error?.median ?? 1) < 0.03 && (error?.maximum ?? 1) < FitError.tolerance)
  }

  @Test func withoutAPrefixInTheSamplesItIsThatOfTheSuffix() {
    let machine = Machine(seed: 3)
    let all = [Bool](repeating: true, count: machine.truth.blockCount)
    let model = TimeModel(
      fitting: [machine.sample(all), machine.sample(all, scale: 0.5)], types: machine.truth.types)
    for rates in model.rates { #expect(rates.prefix == rates.suffix) }
  }

  @Test func sitesPayForStepsAndForTheUpdateOfEverything() {
    let machine = Machine(seed: 5)
    var random = SeededGenerator(seed: 5)
    let all = [Bool](repeating: true, count: machine.truth.blockCount)
    for outer in [false, true] {
      let round = SiteCosts.Round(directions: 2, outer: outer)
      let costs = SiteCosts(
        fixedBytes: 0, residentBytes: all.map { _ in 0 }, time: machine.truth, work: machine.work,
        round: round)
      for row in machine.rows(40, &random) {
        let assignment = StepAssignment(row: row, outer: outer, directions: 2)
        let expected =
          machine.truth.forwardSeconds(assignment, work: machine.work)
          + machine.truth.updateSeconds(row: all, outer: outer, terms: 2, work: machine.work)
        #expect(abs(costs.seconds(row) / expected - 1) < 1e-12)
      }
    }
  }

  /// The planner bounds a row by part of it.
  @Test func costsGrowWithEveryBlock() {
    for seed in 1..<20 {
      let machine = Machine(seed: UInt64(seed))
      var random = SeededGenerator(seed: UInt64(seed))
      let costs = SiteCosts(
        fixedBytes: 1, residentBytes: machine.truth.types.map { _ in 2 }, time: machine.truth,
        work: machine.work,
        round: .init(
          directions: Int.random(in: 1...4, using: &random),
          localSteps: Int.random(in: 1...3, using: &random)))
      for row in machine.rows(20, &random) {
        for block in row.indices where !row[block] {
          var larger = row
          larger[block] = true
          #expect(costs.seconds(larger) >= costs.seconds(row))
          #expect(costs.memory(larger) > costs.memory(row))
        }
      }
    }
  }

  @Test func localStepsRepeatTheStepAndUndoThemselves() {
    let machine = Machine(seed: 9)
    func costs(_ steps: Int) -> SiteCosts {
      SiteCosts(
        fixedBytes: 0, residentBytes: machine.truth.types.map { _ in 0 }, time: machine.truth,
        work: machine.work, round: .init(directions: 1, localSteps: steps))
    }
    var row = [Bool](repeating: false, count: machine.truth.blockCount)
    row[4] = true
    let step = StepAssignment(row: row, directions: 1)
    let local = machine.truth.updateSeconds(row: row, outer: false, terms: 1, work: machine.work)
    let forward = machine.truth.forwardSeconds(step, work: machine.work)
    let gained = costs(5).seconds(row) - costs(4).seconds(row)
    // One more step, one more local update, one more term of the commit for every block.
    let commit = (0..<row.count).reduce(0.0) { sum, block in
      sum + machine.truth.rates[machine.truth.types[block]].term
        * machine.work.blockParameters[block]
    }
    #expect(abs(gained / (forward + local - machine.truth.updateFixed + commit) - 1) < 1e-9)
  }

  @Test func blocksOfOneShapeAreOfOneType() {
    #expect(TimeModel.types(of: [[3, 4], [3, 4], [3, 5], [3, 4]]) == [0, 0, 1, 0])
  }

  @Test func errorsAreRelativeToWhatWasMeasured() {
    let error = FitError([(predicted: 110, measured: 100), (predicted: 8, measured: 10)])
    #expect(error?.count == 2)
    #expect(abs((error?.maximum ?? 0) - 0.2) < 1e-12)
    #expect(abs((error?.median ?? 0) - 0.15) < 1e-12)
    #expect(FitError([]) == nil)
    #expect([3.0, 1, 2].median == 2 && [4.0, 1].median == 2.5 && [Double]().median == 0)
  }
}
