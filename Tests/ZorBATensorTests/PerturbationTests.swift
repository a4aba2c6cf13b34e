import CZorBAKernels
import Testing
import ZorBATensor
import ZorBATestSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Random words and perturbation values: known answers, and the same bits everywhere.
@Suite struct PerturbationTests {
  /// Random123 1.09, tests/kat_vectors.
  @Test func philoxGivesThePublishedAnswers() {
    let all = UInt32.max
    let published: [(key: UInt64, counter: [UInt32], words: [UInt32])] = [
      (0, [0, 0, 0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      (.max, [all, all, all, all], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
      (
        0x299f_31d0_a409_3822, [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ]
    for each in published {
      #expect(philox(each.key, each.counter) == each.words)
    }
  }

  @Test(arguments: InstructionSet.available)
  func valuesAreTheKnownAnswers(_ set: InstructionSet) throws {
    let kernels = KernelTable(set)
    let lines = try GoldenFile.lines("perturbations.txt")
    #expect(lines.count == 39)
    for line in lines {
      let distribution = try #require(PerturbationDistribution(rawValue: String(line[0])))
      let direction = zk_direction(distribution, seed: try hex(line[1]), tensor: try hex(line[2]))
      let start = try #require(UInt32(line[4]))
      let expected = try line[6...].map { try hex($0, as: UInt32.self) }
      let z = kernels.perturbation(
        direction, row: try hex(line[3]), start: start, count: expected.count)
      #expect(z.map(\.bitPattern) == expected, "\(line[0...4])")
    }
  }

  @Test(arguments: InstructionSet.available)
  func longRowsHaveTheKnownDigests(_ set: InstructionSet) throws {
    for line in try GoldenFile.lines("digests.txt") {
      let direction = zk_direction(.gaussian, seed: try hex(line[1]), tensor: try hex(line[2]))
      let z = KernelTable(set).perturbation(
        direction, row: try hex(line[3]), start: 0, count: try #require(Int(line[4])))
      var digest: UInt64 = 0
      for (i, value) in z.enumerated() {
        digest &+= (2 * UInt64(i) + 1) &* UInt64(value.bitPattern)
      }
      #expect(try digest == hex(line[6]))
    }
  }

  @Test(arguments: InstructionSet.available, PerturbationDistribution.allCases)
  func valuesAreTheScalarOnesWhateverTheRange(
    _ set: InstructionSet, _ distribution: PerturbationDistribution
  ) {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<200 {
      let direction = zk_direction(
        distribution, seed: random.next(), tensor: UInt32.random(in: 0..<(.max), using: &random))
      let row = UInt32.random(in: 0...(.max), using: &random)
      let start = UInt32(random.pick(0...5000)), count = random.pick(0...2300)
      let z = KernelTable(set).perturbation(direction, row: row, start: start, count: count)
      let reference = KernelTable.scalar.perturbation(
        direction, row: row, start: start, count: count)
      #expect(z.map(\.bitPattern) == reference.map(\.bitPattern), "\(start) + \(count)")
    }
  }

  @Test(arguments: PerturbationDistribution.allCases)
  func anyRangeIsAPartOfItsRow(_ distribution: PerturbationDistribution) {
    var random = SeededGenerator(seed: 2)
    let direction = zk_direction(distribution, seed: random.next(), tensor: 4097)
    let whole = KernelTable.scalar.perturbation(direction, row: 9, start: 0, count: 3000)
    for _ in 0..<100 {
      let start = random.pick(0...2999), count = random.pick(0...(3000 - start))
      let part = KernelTable.scalar.perturbation(
        direction, row: 9, start: UInt32(start), count: count)
      #expect(part == Array(whole[start..<(start + count)]))
    }
  }

  /// Every gaussian value against the transform in binary64 with libm.
  @Test func gaussianIsBoxMullerToOneMillionth() {
    let seed: UInt64 = 0x5EED, tensor: UInt32 = 7, count = 1 << 17
    let z = KernelTable.scalar.perturbation(
      zk_direction(.gaussian, seed: seed, tensor: tensor), row: 3, start: 0, count: count)
    var worst = 0.0
    for block in 0..<UInt32(count / 4) {
      let words = philox(seed, [block, 3, tensor, 0])
      for h in 0...1 {
        let u = (2 * Double(words[2 * h] >> 9) + 1) * 0x1p-24
        let angle = words[2 * h + 1]
        let b = Double(Int32(bitPattern: angle << 2) >> 9)
        let turn = (Double(angle >> 30) + (2 * b + 1) * 0x1p-24) * (.pi / 2)
        let element = 32 * Int(block / 8) + 16 * h + 2 * Int(block % 8)
        let radius = (-2 * log(u)).squareRoot()
        worst = max(worst, abs(Double(z[element]) - radius * cos(turn)))
        worst = max(worst, abs(Double(z[element + 1]) - radius * sin(turn)))
      }
    }
    #expect(worst < 1e-6)
  }

  private func philox(_ key: UInt64, _ counter: [UInt32]) -> [UInt32] {
    var words = [UInt32](repeating: 0, count: 4)
    zk_philox(key, counter, &words)
    return words
  }
}
