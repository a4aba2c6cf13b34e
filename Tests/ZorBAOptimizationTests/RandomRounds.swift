import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

extension CommittedRound {
  /// A valid round with random extents, blocks, clients and coefficients.
  static func random(
    number: UInt64, seeding: SeedingMode, blockCount: Int, scale: Double = 1e-3,
    using generator: inout SeededGenerator
  ) throws -> CommittedRound {
    let steps = Int.random(in: 1...3, using: &generator)
    let directions = Int.random(in: 1...3, using: &generator)
    func blocks(_ generator: inout SeededGenerator) -> [BlockCoefficients] {
      (0..<blockCount).filter { _ in Bool.random(using: &generator) }.map { block in
        BlockCoefficients(
          block: block,
          values: (0..<steps * directions).map { _ in Float(generator.normal() * scale) })
      }
    }
    let clients = (1...6).filter { _ in Bool.random(using: &generator) }.map { UInt32($0) }
    let coefficients: Coefficients
    switch seeding {
    case .shared: coefficients = .shared(blocks(&generator))
    case .perClient:
      var entries: [ClientCoefficients] = []
      for client in clients {
        entries.append(ClientCoefficients(client: client, blocks: blocks(&generator)))
      }
      coefficients = .perClient(entries)
    }
    return try CommittedRound(
      number: number, learningRate: 1e-3, directions: directions, steps: steps,
      decay: Bool.random(using: &generator) ? 1 : 0.9995, participants: clients,
      coefficients: coefficients)
  }

  /// Rounds with ascending numbers, now and then with a gap.
  static func random(
    count: Int, seeding: SeedingMode, blockCount: Int, scale: Double = 1e-3,
    using generator: inout SeededGenerator
  ) throws -> [CommittedRound] {
    var number: UInt64 = 0
    return try (0..<count).map { _ in
      number += UInt64.random(in: 1...3, using: &generator)
      return try random(
        number: number, seeding: seeding, blockCount: blockCount, scale: scale,
        using: &generator)
    }
  }
}
