import Testing
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor

/// The update against an independent implementation in numpy, from run key to stored bits.
@Suite struct UpdateGoldenTests {
  @Test(arguments: 0..<4)
  func updateEqualsNumpy(_ index: Int) throws {
    let cases = try #require(try Goldens.load("updates").array)
    #expect(cases.count == 4)
    let golden = try #require(cases.indices.contains(index) ? cases[index] : nil)
    let blocks = try #require(golden["blocks"]?.array)

    let parameters = try TestModel.parameters(
      try blocks.map { block in
        try #require(block.array).map { tensor in
          let dtype = try #require(tensor["dtype"]?.string.flatMap { DType(rawValue: $0) })
          return (dtype, try #require(tensor["shape"]?.array).compactMap(\.integer))
        }
      })
    let tensors = try blocks.flatMap { try #require($0.array) }
    TestModel.restore(try tensors.map { try $0.requiredBytes("before") }, to: parameters)

    let seed = try #require(golden["run_seed"]?.integer)
    let seeding = try #require(golden["seeding"]?.string.flatMap { SeedingMode(rawValue: $0) })
    let distribution = try #require(
      golden["distribution"]?.string.flatMap { PerturbationDistribution(rawValue: $0) })
    let rounds = try #require(golden["rounds"]?.array).map { try round($0, seeding: seeding) }
    let updater = WeightUpdater(
      parameters: parameters,
      schedule: DirectionSchedule(
        runKey: RunKey(seed: UInt64(seed)), seeding: seeding, distribution: distribution),
      context: try ComputeContext(threads: 2))
    try updater.apply(rounds)

    for (parameter, tensor) in zip(parameters.all, tensors) {
      let expected = try tensor.requiredBytes("after")
      #expect(Array(parameter.tensor.rawBytes) == expected, "\(parameter.name)")
      #expect(try tensor.requiredBytes("before") != expected || parameter.id.block == 0)
    }
  }

  private func round(_ json: JSONValue, seeding: SeedingMode) throws -> CommittedRound {
    let clients = try #require(json["clients"]?.array).map { client in
      CommittedRound.ClientCoefficients(
        client: UInt32(try #require(client["client"]?.integer)),
        blocks: try #require(client["blocks"]?.object).members.map { member in
          CommittedRound.BlockCoefficients(
            block: try #require(Int(member.key)),
            values: try #require(member.value.array).compactMap(\.double).map { Float($0) })
        })
    }
    return try CommittedRound(
      number: UInt64(try #require(json["round"]?.integer)), learningRate: 1,
      directions: try #require(json["directions"]?.integer),
      steps: try #require(json["steps"]?.integer),
      decay: Float(try #require(json["decay"]?.double)),
      participants: seeding == .shared ? [1] : clients.map(\.client),
      coefficients: seeding == .shared
        ? .shared(try #require(clients.first).blocks) : .perClient(clients))
  }
}
