import Testing
import ZorBAJournal
import ZorBAModels
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@testable import ZorBA

/// Whoever applies the committed rounds to the base model holds the trainer's weights, bit for bit.
@Suite struct ReplicaTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var dtype: DType
    var change: @Sendable (inout RunConfiguration) -> Void
  }

  static let cases = [
    Case(testDescription: "binary32, shared directions", dtype: .float32) {
      $0.method.perturbation = .gaussian
    },
    Case(testDescription: "bfloat16, directions of their own", dtype: .bfloat16) {
      $0.method.seeding = .perClient
      $0.method.directions = 2
      $0.method.perturbation = .popcount
      $0.blocks.outer = true
    },
    Case(testDescription: "float16, decay", dtype: .float16) {
      $0.method.perturbation = .rademacher
      $0.method.weightDecay = 0.01
    },
  ]

  @Test(arguments: cases)
  func replicasStayBitIdentical(_ example: Case) throws {
    var checkpoint = TinyCheckpoint()
    checkpoint.dtype = example.dtype
    let run = try TinyRun(checkpoint) {
      $0.rounds = 500
      $0.blocks.plan = .random
      $0.federation.participation = 0.7
      $0.method.learningRate = 0.01
      $0.method.schedule = .cosine
      example.change(&$0)
    }
    let trainer = try run.prepared()
    let session = try trainer.session(lastCommitted: 0) { _ in }
    var rounds: [CommittedRound] = []
    while session.lastCommitted < run.configuration.rounds {
      _ = try session.advance { round, _ in rounds.append(round) }
    }
    let context = try ComputeContext(threads: 1)
    let trained = StateDigest(of: trainer.loaded.model.parameters, context: context)
    #expect(trained != trainer.base)

    var random = SeededGenerator(seed: 5)
    let threads = [1, 2, 5]
    let sets = InstructionSet.available
    for client in 0..<8 {
      let own = try ComputeContext(
        instructionSet: sets[client % sets.count], threads: threads[client % threads.count])
      let replica = try LoadedModel(path: run.configuration.model, context: own)
      #expect(StateDigest(of: replica.model.parameters, context: own) == trainer.base)
      let updater = WeightUpdater(
        parameters: replica.model.parameters, schedule: trainer.journalHeader.schedule,
        context: own)
      // One by one, all at once, or in groups of random size.
      var next = 0
      while next < rounds.count {
        let wanted =
          switch client % 4 {
          case 0: 1
          case 1: rounds.count
          default: Int.random(in: 1...90, using: &random)
          }
        let end = min(rounds.count, next + wanted)
        try updater.apply(Array(rounds[next..<end]))
        next = end
      }
      #expect(StateDigest(of: replica.model.parameters, context: own) == trained)
      for (left, right) in zip(replica.model.parameters.all, trainer.loaded.model.parameters.all) {
        #expect(
          storedBytes(left.tensor) == storedBytes(right.tensor),
          "\(left.name) at replica \(client)")
      }
    }
  }

  /// A copy shares nothing with its original.
  @Test func copiesMoveAlone() throws {
    let run = try TinyRun()
    let trainer = try run.prepared()
    let copy = try trainer.loaded.copy()
    let session = try trainer.session(lastCommitted: 0) { _ in }
    _ = try session.advance { _, _ in }
    #expect(StateDigest(of: copy.parameters, context: trainer.context) == trainer.base)
    #expect(
      StateDigest(of: trainer.loaded.model.parameters, context: trainer.context) != trainer.base)
  }
}
