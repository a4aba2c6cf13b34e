import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBATestSupport

@testable import ZorBA

/// What is sent of a round is all of it that the receiver cannot derive.
@Suite struct CompactCommitTests {
  private struct Sample {
    var terms: RoundTerms
    var plan: ActivationPlan
    var round: CommittedRound

    init(_ random: inout SeededGenerator) throws {
      var run = RunConfiguration(model: "m", data: DataFiles(train: []))
      let clients = Int.random(in: 1...20, using: &random)
      let blocks = Int.random(in: 1...5, using: &random)
      run.method.seeding = Bool.random(using: &random) ? .shared : .perClient
      run.method.directions = Int.random(in: 1...3, using: &random)
      run.method.localSteps = Int.random(in: 1...2, using: &random)
      if run.method.localSteps == 1 { run.method.weightDecay = 0.01 }
      run.method.learningRate = Double.random(in: 1e-6...1, using: &random)
      run.method.schedule =
        LearningRateSchedule.Shape.allCases.randomElement(using: &random) ?? .linear
      run.rounds = 100
      run.blocks.outer = Bool.random(using: &random)
      terms = try RoundTerms(run)
      plan = ActivationPlan(
        cycle: try (0..<2).map { _ in
          var rows = (0..<clients).map { _ in
            (0..<blocks).map { _ in Int.random(in: 0...2, using: &random) == 0 }
          }
          rows[Int.random(in: 0..<clients, using: &random)][0] = true
          return try ActivationMatrix(rows: rows, mayRest: true)
        }, window: 3)
      let number = Int.random(in: 1...120, using: &random)
      let matrix = plan.matrix(round: number)
      var training = (0..<clients).filter { !matrix.isResting($0) }
      if Bool.random(using: &random), let some = training.randomElement(using: &random) {
        training = training.filter { $0 == some || Bool.random(using: &random) }
      }
      let (terms, plan) = (terms, plan)
      round = try terms.aggregation(round: number).commit(
        training.map { client in
          ClientResult(
            client: UInt32(client + 1), weight: Double(client + 1),
            blocks: terms.blocks(of: client, round: number, plan: plan),
            scalars: (0..<terms.valuesPerBlock).map { _ in
              Double.random(in: -1...1, using: &random)
            })
        })
    }
  }

  @Test func roundsComeBackBitForBit() throws {
    var random = SeededGenerator(seed: 20)
    var everybody = 0
    for _ in 0..<2000 {
      let sample = try Sample(&random)
      let commit = try sample.terms.compact(sample.round, plan: sample.plan)
      #expect(commit.coefficients.count == 4 * sample.round.coefficientCount)
      let back = try sample.terms.expand(commit, plan: sample.plan)
      #expect(back.encoded == sample.round.encoded)
      let training = sample.plan.matrix(round: Int(sample.round.number)).rows
        .count { $0.contains(true) }
      #expect(commit.participants.isEmpty == (sample.round.participants.count == training))
      #expect(commit.participants.count <= (training + 7) / 8)
      if commit.participants.isEmpty { everybody += 1 }
    }
    #expect(everybody > 500 && everybody < 1900)
  }

  @Test func bitsCountTheClientsThatTrain() throws {
    var run = RunConfiguration(model: "m", data: DataFiles(train: []))
    run.method.learningRate = 1
    let terms = try RoundTerms(run)
    // Clients 1, 3 and 4 of four train.
    let plan = ActivationPlan(
      fixed: try ActivationMatrix(
        rows: [[true], [false], [true], [true]], mayRest: true))
    let round = try terms.aggregation(round: 1).commit(
      [0, 3].map {
        ClientResult(client: UInt32($0 + 1), weight: 1, blocks: [1], scalars: [-0.5])
      })
    let commit = try terms.compact(round, plan: plan)
    #expect(commit.round == 1 && commit.participants == [0b101])
    #expect(commit.coefficients == [0, 0, 0, 0x3F])
  }

  /// Malformed commits give errors; those that are accepted are commits of the plan.
  @Test func damagedCommitsGiveErrors() throws {
    var random = SeededGenerator(seed: 21)
    var mutator = Mutator(seed: 22)
    var refused = 0
    for _ in 0..<6000 {
      let sample = try Sample(&random)
      var commit = try sample.terms.compact(sample.round, plan: sample.plan)
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        commit.participants = mutator.mutate(
          commit.participants.isEmpty ? [1] : commit.participants)
      case 1: commit.coefficients = mutator.mutate(commit.coefficients)
      default: commit.round = [0, 1, 7, .max, UInt64(Int.max)].randomElement(using: &random) ?? 0
      }
      do {
        let round = try sample.terms.expand(commit, plan: sample.plan)
        #expect(try sample.terms.compact(round, plan: sample.plan) == commit)
      } catch let error as ZorBAError {
        #expect(error.code == .invalidData)
        refused += 1
      }
    }
    #expect(refused > 2000)
  }

  /// A round of another plan or schedule is not sent at all.
  @Test func whatCouldNotBeExpandedIsNotSent() throws {
    let run = RunConfiguration(model: "m", data: DataFiles(train: []))
    let terms = try RoundTerms(run)
    let plan = ActivationPlan(fixed: try .full(clients: 2, blocks: 2))
    func round(_ rate: Double, blocks: [Int]) throws -> CommittedRound {
      try Aggregation(round: 1, seeding: .shared, learningRate: rate, directions: 1).commit([
        ClientResult(client: 1, weight: 1, blocks: blocks, scalars: [1])
      ])
    }
    #expect(throws: Never.self) { try terms.compact(round(1e-6, blocks: [1, 2]), plan: plan) }
    #expect(throws: ZorBAError.self) { try terms.compact(round(1e-5, blocks: [1, 2]), plan: plan) }
    #expect(throws: ZorBAError.self) { try terms.compact(round(1e-6, blocks: [1]), plan: plan) }
    #expect(throws: ZorBAError.self) {
      try terms.compact(round(1e-6, blocks: [0, 1, 2]), plan: plan)
    }
  }
}
