import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBATestSupport

@Suite struct ActivationMatrixTests {
  @Test func randomMatricesKeepCountsAndCoverEveryBlock() throws {
    var generator = SeededGenerator(seed: 7)
    var repaired = 0
    for _ in 0..<2000 {
      let clients = Int.random(in: 1...9, using: &generator)
      let blocks = Int.random(in: 1...12, using: &generator)
      let counts = (0..<clients).map { _ in Int.random(in: 1...blocks, using: &generator) }
      let most = min(clients, counts.reduce(0, +) / blocks)
      let minimum = Int.random(in: 0...most, using: &generator)
      let matrix = try ActivationMatrix.random(
        counts: counts, blocks: blocks, minimumClients: minimum, using: &generator)
      #expect(matrix.rows.map { $0.count { $0 } } == counts)
      #expect(matrix.coverage.allSatisfy { $0 >= minimum })
      if minimum == most { repaired += 1 }
    }
    #expect(repaired > 200)  // the tight cases, where the repair has to work, did occur
  }

  @Test func randomDrawsAreReproducibleAndDiffer() throws {
    var first = SeededGenerator(seed: 3)
    var second = SeededGenerator(seed: 3)
    let counts = Array(repeating: 6, count: 8)
    let a = try ActivationMatrix.random(
      counts: counts, blocks: 12, minimumClients: 1, using: &first)
    let b = try ActivationMatrix.random(
      counts: counts, blocks: 12, minimumClients: 1, using: &second)
    let c = try ActivationMatrix.random(
      counts: counts, blocks: 12, minimumClients: 1, using: &first)
    #expect(a == b)
    #expect(a != c)
  }

  @Test func everyBlockIsDrawnEquallyOften() throws {
    var generator = SeededGenerator(seed: 11)
    var drawn = Array(repeating: 0, count: 10)
    for _ in 0..<6000 {
      for block in ActivationMatrix.sample(3, from: 10, using: &generator) { drawn[block] += 1 }
    }
    // 6000 draws of 3 in 10: mean 1800, standard deviation 35.5; 5 of them is 178.
    #expect(drawn.allSatisfy { abs($0 - 1800) < 178 })
  }

  @Test func impossibleDemandsAreRefusedByName() {
    var generator = SeededGenerator(seed: 1)
    #expect(throws: ZorBAError.self) {
      try ActivationMatrix.random(
        counts: [1, 1], blocks: 3, minimumClients: 1, using: &generator)
    }
    #expect(throws: ZorBAError.self) {
      try ActivationMatrix.random(
        counts: [4], blocks: 3, minimumClients: 1, using: &generator)
    }
    #expect(throws: ZorBAError.self) { try ActivationMatrix(rows: [[true], [true, false]]) }
    #expect(throws: ZorBAError.self) { try ActivationMatrix(rows: [[true], [false]]) }
    #expect(throws: ZorBAError.self) { try ActivationMatrix(rows: []) }
    #expect(throws: ZorBAError.self) {
      try ActivationMatrix(rows: [[true, false], [true, false]]).requireCoverage(atLeast: 1)
    }
  }

  @Test func plansRotateByWindows() throws {
    let left = try ActivationMatrix(rows: [[true, false]])
    let right = try ActivationMatrix(rows: [[false, true]])
    let plan = ActivationPlan(cycle: [left, right], window: 3)
    let order = (1...8).map { plan.matrix(round: $0) == left }
    #expect(order == [true, true, true, false, false, false, true, true])
    #expect(plan.activeShare == [[0.5, 0.5]])
  }

  @Test func aClientMayRestButSomebodyTrains() throws {
    let matrix = try ActivationMatrix(rows: [[true, false], [false, false]], mayRest: true)
    #expect(matrix.isResting(1) && !matrix.isResting(0))
    #expect(throws: ZorBAError.self) {
      try ActivationMatrix(rows: [[false], [false]], mayRest: true)
    }
    let plan = ActivationPlan(
      cycle: [
        matrix, try ActivationMatrix(rows: [[false, true], [false, false]], mayRest: true),
      ])
    #expect(plan.idleClients == [1])
    let error = #expect(throws: ZorBAError.self) { try plan.requireWork() }
    #expect(error?.message.contains("client 2") == true)
    let turns = ActivationPlan(
      cycle: [matrix, try ActivationMatrix(rows: [[false, false], [true, true]], mayRest: true)])
    try turns.requireWork()
  }

  /// Drawn first, then the resting ones go; a draw of resting ones only is made again.
  @Test func nobodyWhoRestsIsAskedAndSomebodyAlwaysIs() throws {
    var generator = SeededGenerator(seed: 31)
    for _ in 0..<3000 {
      let clients = Int.random(in: 1...7, using: &generator)
      var rows = (0..<clients).map { _ in [Int.random(in: 0...2, using: &generator) == 0] }
      rows[Int.random(in: 0..<clients, using: &generator)] = [true]
      let plan = ActivationPlan(fixed: try ActivationMatrix(rows: rows, mayRest: true))
      let share = Double.random(in: 0.01...1, using: &generator)
      let seed = generator.next()
      var (first, second) = (SeededGenerator(seed: seed), SeededGenerator(seed: seed))
      let asked = plan.participants(round: 1, share: share, using: &first)
      let drawn = Participation.draw(share: share, clients: clients, using: &second)
      #expect(!asked.isEmpty && asked == Array(Set(asked)).sorted())
      #expect(asked.allSatisfy { rows[$0][0] })
      let kept = drawn.filter { rows[$0][0] }
      if !kept.isEmpty { #expect(asked == kept) }
    }
  }

  @Test func plansOfMembersKeepTheNumbersOfClients() throws {
    let cycle = try [[[true, false], [false, true]], [[false, false], [true, true]]].map {
      try ActivationMatrix(rows: $0, mayRest: true)
    }
    let plan = ActivationPlan(cycle: cycle, window: 3, firstRound: 5)
    let spread = try plan.spread(over: [3, 1], clients: 5)
    #expect(spread.window == 3 && spread.firstRound == 5 && spread.idleClients == [0, 2, 4])
    #expect(spread.cycle.map { $0.activeBlocks(of: 3) } == [[0], []])
    #expect(spread.cycle.map { $0.activeBlocks(of: 1) } == [[1], [0, 1]])
    let left = try plan.without([1])
    #expect(left.cycle.count == 1 && left.cycle[0].activeBlocks(of: 0) == [0])
    #expect(try plan.without([]) == plan)
    #expect(throws: ZorBAError.self) { try plan.without([0, 1]) }
  }

  @Test func aShareOfMatricesMayCover() throws {
    let plan = ActivationPlan(
      cycle: try [[true, true], [true, false], [false, true]].map {
        try ActivationMatrix(rows: [$0])
      })
    try plan.requireCoverage(atLeast: 1, share: 2.0 / 3)
    let error = #expect(throws: ZorBAError.self) {
      try plan.requireCoverage(atLeast: 1, share: 0.7)
    }
    #expect(error?.location.field == "blocks.minimum_share")
    #expect(throws: ZorBAError.self) { try plan.requireCoverage(atLeast: 1) }
    try plan.requireCoverage(atLeast: 0)
  }

  @Test func aLaterPlanReplacesWhatWasPlanned() throws {
    let rows = [[true, false, false], [false, true, false], [false, false, true]]
    let plans = try rows.map { ActivationPlan(fixed: try ActivationMatrix(rows: [$0])) }
    var timeline = ActivationTimeline(plans[0])
    #expect(timeline.activeShare(rounds: 5) == plans[0].activeShare)
    timeline.adopt(plans[1].starting(at: 20))
    timeline.adopt(plans[2].starting(at: 11))
    let order = [1, 10, 11, 19, 20, 99].map { timeline.plan(round: $0).cycle[0].rows[0] }
    #expect(order == [rows[0], rows[0], rows[2], rows[2], rows[2], rows[2]])
    #expect(timeline.begins(round: 11) && !timeline.begins(round: 12))
    #expect(timeline.activeShare(rounds: 40) == [[0.25, 0, 0.75]])
    #expect(timeline.spans(upTo: 0).isEmpty)
  }

  @Test func aPlanBeginsItsCycleAtItsFirstRound() throws {
    let left = try ActivationMatrix(rows: [[true, false]])
    let right = try ActivationMatrix(rows: [[false, true]])
    let plan = ActivationPlan(cycle: [left, right], window: 2, firstRound: 6)
    let order = (6...10).map { plan.matrix(round: $0) == left }
    #expect(order == [true, true, false, false, true])
    #expect(plan.starting(at: 7).matrix(round: 8) == left)
    #expect(ActivationPlan(cycle: [left, right], window: .max).matrix(round: .max) == left)
  }

  @Test func participantsAreDistinctAscendingAndAsManyAsAsked() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<500 {
      let chosen = Participation.draw(share: 0.3, clients: 10, using: &generator)
      #expect(chosen.count == 3)
      #expect(chosen == Array(Set(chosen)).sorted())
    }
    #expect(Participation.draw(share: 1, clients: 4, using: &generator) == [0, 1, 2, 3])
    #expect(Participation.draw(share: 0.01, clients: 4, using: &generator).count == 1)
  }
}
