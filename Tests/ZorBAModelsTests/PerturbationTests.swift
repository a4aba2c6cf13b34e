import CZorBAKernels
import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// Branches of a plan against models whose weights were perturbed explicitly.
@Suite struct PerturbationTests {
  /// The golden's model with the weights of one branch written out in memory.
  private func explicit(
    _ golden: GoldenCase, plan: PerturbationPlan, branch: Int, compute: ComputeContext
  ) throws -> Model {
    let model = try golden.model(compute)
    let sign: Float = branch % 2 == 0 ? 1 : -1
    var source = MemoryTensors()
    for parameter in model.parameters.all {
      var values = try parameter.tensor.floats()
      if plan.active.contains(parameter.id.block) {
        var direction = plan.directions[branch / 2].restricted(to: parameter.id)
        let width = parameter.tensor.rowLength
        var z = [Float](repeating: 0, count: width)
        for row in 0..<parameter.tensor.rowCount {
          compute.kernels.perturbation(&direction, UInt32(row), 0, width, &z)
          for column in 0..<width { values[row * width + column] += sign * plan.scale * z[column] }
        }
      }
      try source.add(parameter.name, shape: parameter.tensor.shape, values)
    }
    return try Model(configuration: golden.configuration, source: source, compute: compute)
  }

  private func request(_ golden: GoldenCase, _ random: inout SeededGenerator) throws
    -> ScoringRequest
  {
    var request = try ScoringRequest.languageModelling(
      (0..<golden.inputCount).map { Array(try golden.input($0).prefix(40)) })
    let vocabulary = Int32(golden.configuration.vocabularySize)
    for sequence in request.sequences.indices {
      request.queries.append(
        .init(
          sequence: sequence, position: request.sequences[sequence].count - 1,
          targets: (0..<5).map { _ in Int32.random(in: 0..<vocabulary, using: &random) },
          normalised: false))
    }
    request.queries.shuffle(using: &random)
    return request
  }

  /// Active sets that matter: outer block only, without it, with it, the last block, random.
  private func activeSets(_ blocks: Int, _ random: inout SeededGenerator) -> [Set<Int>] {
    [
      [0], [blocks - 1], Set(1..<blocks), Set(0..<blocks), [1],
      Set((0..<blocks).filter { _ in Bool.random(using: &random) }),
    ]
  }

  @Test(arguments: GoldenCase.all, [1, 3])
  func branchesScoreLikeExplicitlyPerturbedModels(
    _ golden: GoldenCase, _ directions: Int
  ) throws {
    var random = SeededGenerator(seed: golden.name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
    let compute = try ComputeContext(precision: .float32, threads: 2)
    let model = try golden.model(compute)
    let request = try request(golden, &random)
    let plain = try model.score(request)
    let distributions = PerturbationDistribution.allCases
    for (index, active) in activeSets(golden.configuration.blockCount, &random).enumerated() {
      let plan = PerturbationPlan(
        directions: (0..<directions).map {
          Direction(
            seed: random.next(),
            distribution: distributions[(index + $0) % distributions.count])
        },
        scale: 0.03, active: active)
      let result = try model.score(request, plan: plan)
      #expect(result.branchCount == 2 * directions)
      for branch in 0..<result.branchCount {
        let other = try explicit(golden, plan: plan, branch: branch, compute: compute)
        let expected = try other.score(request)
        #expect(
          largestDifference(result.scores(branch: branch), expected.values) <= 2e-4,
          "branch \(branch), active \(active.sorted())")
        if !active.isEmpty {
          #expect(
            largestDifference(plain.values[...], expected.values) > 1e-2,
            "the perturbation moves nothing: active \(active.sorted())")
        }
      }
    }
  }

  /// Batches so large that directions are computed one after the other give what each gives alone.
  @Test(arguments: ["llama", "opt-bf16", "gpt2"], Computes.all)
  func directionsDoNotDisturbEachOther(_ name: String, _ setting: Computes.Setting) throws {
    let golden = try GoldenCase.named(name)
    let model = try golden.model(setting.compute)
    var random = SeededGenerator(seed: 21)
    let vocabulary = Int32(golden.configuration.vocabularySize)
    let sequences = (0..<30).map { _ in
      (0..<24).map { _ in Int32.random(in: 0..<vocabulary, using: &random) }
    }
    var all = ScoringRequest.languageModelling(sequences)
    var some = all
    some.queries = Array(all.queries.filter { $0.position == 20 })
    all.queries.shuffle(using: &random)
    let directions = (0..<3).map { _ in Direction(seed: random.next(), distribution: .popcount) }
    for active: Set<Int> in [[1], [2], [0, 1, 2]] {
      for request in [all, some] {
        let together = try model.score(
          request, plan: PerturbationPlan(directions: directions, scale: 1e-2, active: active))
        for (place, direction) in directions.enumerated() {
          let alone = try model.score(
            request, plan: PerturbationPlan(directions: [direction], scale: 1e-2, active: active))
          for side in 0..<2 {
            #expect(
              largestDifference(
                together.scores(branch: 2 * place + side), Array(alone.scores(branch: side)))
                <= 1e-5)
          }
        }
      }
    }
  }

  /// Products in bfloat16 round inputs and perturbed weights; explicit weights are not rounded.
  @Test(arguments: GoldenCase.all.filter(\.isHalf), Computes.bfloat16)
  func branchesInBFloat16AreCloseToExplicitlyPerturbedModels(
    _ golden: GoldenCase, _ setting: Computes.Setting
  ) throws {
    var random = SeededGenerator(seed: 12)
    let model = try golden.model(setting.compute)
    let request = try request(golden, &random)
    for active in activeSets(golden.configuration.blockCount, &random) {
      let plan = PerturbationPlan(
        directions: [Direction(seed: random.next(), distribution: .popcount)], scale: 0.03,
        active: active)
      let result = try model.score(request, plan: plan)
      for branch in 0..<2 {
        let other = try explicit(golden, plan: plan, branch: branch, compute: setting.compute)
        let expected = try other.score(request).values
        let error = zip(result.scores(branch: branch), expected).reduce(0) {
          $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
        }
        let size = expected.reduce(0) { $0 + $1 * $1 }
        #expect((error / size).squareRoot() <= 1e-2, "active \(active.sorted())")
      }
    }
  }

  private func largestDifference(_ a: ArraySlice<Double>, _ b: [Double]) -> Double {
    #expect(a.count == b.count)
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  /// Computing equal branches once gives the very bits of computing them apart.
  @Test(arguments: Computes.all)
  func sharingEqualBranchesChangesNothing(_ setting: Computes.Setting) throws {
    let golden = try GoldenCase.named("llama")
    let model = try golden.model(setting.compute)
    var random = SeededGenerator(seed: 3)
    let request = try request(golden, &random)
    let directions = (0..<2).map { _ in Direction(seed: random.next(), distribution: .popcount) }
    // With scale 0 every branch equals the stored weights, wherever branches part.
    let plain = try model.score(request)
    for active: Set<Int> in [[], [0], [1], [2], [0, 2]] {
      let plan = PerturbationPlan(directions: directions, scale: 0, active: active)
      let result = try model.score(request, plan: plan)
      #expect(result.branchCount == 4)
      for branch in 0..<4 {
        #expect(largestDifference(result.scores(branch: branch), plain.values) <= 1e-5)
      }
    }
  }

  @Test func scoresDoNotDependOnThreadsOrRepetition() throws {
    let golden = try GoldenCase.named("qwen2")
    var random = SeededGenerator(seed: 5)
    let request = try request(golden, &random)
    let plan = PerturbationPlan(
      directions: [Direction(seed: 9, distribution: .gaussian)], scale: 1e-3, active: [0, 2])
    for set in InstructionSet.available {
      let first = try golden.model(ComputeContext(instructionSet: set, threads: 1))
        .score(request, plan: plan)
      for threads in [1, 2, 3, 5] {
        let model = try golden.model(ComputeContext(instructionSet: set, threads: threads))
        for _ in 0..<3 { #expect(try model.score(request, plan: plan) == first) }
      }
    }
  }

  @Test func evaluationLeavesTheWeightsAlone() throws {
    let golden = try GoldenCase.named("gpt2")
    let model = try golden.model(Computes.one())
    let before = model.parameters.all.map { Array($0.tensor.rawBytes) }
    var random = SeededGenerator(seed: 6)
    let plan = PerturbationPlan(
      directions: [Direction(seed: 1, distribution: .gaussian)], scale: 1,
      active: Set(0..<golden.configuration.blockCount))
    _ = try model.score(request(golden, &random), plan: plan)
    #expect(model.parameters.all.map { Array($0.tensor.rawBytes) } == before)
  }
}
