import Testing
import ZorBAData
import ZorBADiagnostics
import ZorBAFederation
import ZorBAModels
import ZorBAOptimization
import ZorBATensor

@testable import ZorBA

/// Who trains what: blocks, clients and their weights.
@Suite struct HeterogeneityTests {
  private func blocks(_ run: PreparedRun) -> [Digest128] {
    StateDigest(of: run.loaded.model.parameters, context: run.context).blocks
  }

  /// A round changes the blocks that its participants have active, and no bit of another.
  @Test(arguments: SeedingMode.allCases, [1, 2])
  func onlyCoveredBlocksMove(seeding: SeedingMode, steps: Int) throws {
    var tiny = try TinyRun(TinyCheckpoint(layers: 4)) {
      $0.federation.participation = 0.4
      $0.method.seeding = seeding
      $0.method.localSteps = steps
    }
    // Block 3 belongs to client c alone, block 2 to nobody.
    try tiny.plan([[[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]]])
    let run = try tiny.prepared()
    let rows = [[1], [1, 2], [4]]
    let session = try run.session(lastCommitted: 0) { _ in }
    let names = run.clients.map(\.name)
    #expect(names == ["a", "b", "c"])
    var covered: Set<Int> = []
    for _ in 0..<12 {
      let before = blocks(run)
      var committed: [Int] = []
      let metrics = try session.advance { round, _ in committed = round.coveredBlocks }
      let expected = metrics.clients.reduce(into: Set<Int>()) { blocks, client in
        blocks.formUnion(rows[names.firstIndex(of: client.name) ?? 0])
      }
      #expect(metrics.clients.count == 1)
      #expect(Set(committed) == expected && metrics.coveredBlocks == expected.count)
      let after = blocks(run)
      let changed = after.indices.filter { after[$0] != before[$0] }
      #expect(Set(changed) == expected)
      covered.formUnion(expected)
    }
    #expect(covered == [1, 2, 4])
    #expect(blocks(run)[0] == run.base.blocks[0] && blocks(run)[3] == run.base.blocks[3])
  }

  @Test func aBlockNobodyTrainsIsRefusedByDefault() throws {
    var tiny = try TinyRun()
    try tiny.plan([[[1, 0, 0], [1, 1, 0], [0, 1, 0]]])
    tiny.configuration.blocks.minClients = 1
    let error = #expect(throws: ZorBAError.self) { try tiny.prepared() }
    #expect(error?.code == .invalidConfiguration && error?.message.contains("blocks 3 ") == true)
  }

  /// One client with every block active is plain forward-only descent (MeZO), here written out:
  /// w <- fma(-(eta / P) c_p, z_p, w) for p = 0 ..< P, c from losses of its own.
  @Test(arguments: PerturbationDistribution.allCases)
  func oneClientIsPlainDescent(_ distribution: PerturbationDistribution) throws {
    let directions = 2
    let tiny = try TinyRun {
      $0.federation.partition = .uniform
      $0.federation.clients = 1
      $0.method.directions = directions
      $0.method.perturbation = distribution
      $0.blocks.outer = true
      $0.batch.size = 100
    }
    let run = try tiny.prepared()
    let method = run.configuration.method
    let model = try run.loaded.copy()
    let session = try run.session(lastCommitted: 0) { _ in }
    for round in 1...4 {
      let seeds = (0..<directions).map {
        RunKey(seed: run.configuration.seed).seed(
          round: UInt64(round), step: 0, direction: UInt32($0), client: 0)
      }
      let plan = PerturbationPlan(
        directions: seeds.map { Direction(seed: $0, distribution: distribution) },
        scale: Float(method.mu), active: [0, 1, 2, 3])
      let metrics = try session.advance { _, _ in }
      let scalars = metrics.clients[0].scalars
      let losses = try meanLosses(of: run, model: model, plan: plan)
      for (direction, scalar) in scalars.enumerated() {
        let own = (losses[2 * direction] - losses[2 * direction + 1]) / (2 * method.mu)
        #expect(abs(own - Double(scalar)) < 1e-4 * max(1, abs(own)))
      }
      for parameter in model.parameters.all {
        let count = parameter.tensor.elementCount
        let weights = parameter.tensor.bytes.assumingMemoryBound(to: Float.self)
        for (direction, scalar) in zip(plan.directions, scalars) {
          let coefficient = Float(-(method.learningRate / Double(directions)) * Double(scalar))
          let z = perturbationValues(
            direction, of: parameter, kernels: run.context.kernels)
          for index in 0..<count { weights[index].addProduct(coefficient, z[index]) }
        }
      }
      #expect(
        StateDigest(of: model.parameters, context: run.context).blocks == blocks(run),
        "round \(round)")
    }
  }

  /// The rows' mean cross-entropy between the two label bytes: [branches].
  private func meanLosses(
    of run: PreparedRun, model: Model, plan: PerturbationPlan
  ) throws -> [Double] {
    let examples = run.clients[0].examples
    let request = ScoringRequest(
      sequences: examples.map { $0.sequences[0] },
      queries: examples.indices.map { index in
        .init(
          sequence: index, position: examples[index].sequences[0].count - 1,
          targets: [Int32(UInt8(ascii: "y")), Int32(UInt8(ascii: "n"))])
      })
    let result = try model.score(request, plan: plan)
    return (0..<result.branchCount).map { branch in
      examples.enumerated().reduce(0) { sum, entry in
        sum + crossEntropy(Array(result[branch, entry.offset]), answer: entry.element.label ?? 0)
      } / Double(examples.count)
    }
  }

  /// C_b averages the scalars of the clients that had b active, by rows or one client one vote.
  @Test(arguments: ClientWeighting.allCases)
  func coefficientsAreWeightedMeans(_ weighting: ClientWeighting) throws {
    var tiny = try TinyRun {
      $0.federation.weights = weighting
      $0.method.directions = 2
    }
    try tiny.plan([[[1, 1, 0], [1, 0, 1], [1, 1, 1]]])
    let run = try tiny.prepared()
    let rows = [[1, 2], [1, 3], [1, 2, 3]]
    let examples = [6.0, 4.0, 2.0]
    #expect(run.clients.map { Double($0.examples.count) } == examples)
    let session = try run.session(lastCommitted: 0) { _ in }
    var round: CommittedRound?
    let metrics = try session.advance { committed, _ in round = committed }
    guard case .shared(let blocks) = round?.coefficients else {
      Issue.record("the round is not shared")
      return
    }
    #expect(blocks.map(\.block) == [1, 2, 3])
    for block in blocks {
      let members = rows.indices.filter { rows[$0].contains(block.block) }
      let weights = members.map { weighting == .examples ? examples[$0] : 1 }
      let total = weights.reduce(0, +)
      for direction in 0..<2 {
        let mean = zip(members, weights).reduce(0) {
          $0 + $1.1 / total * Double(metrics.clients[$1.0].scalars[direction])
        }
        let expected = -run.configuration.method.learningRate / 2 * mean
        #expect(abs(Double(block.values[direction]) - expected) <= 1e-7 * abs(expected))
      }
    }
  }
}
