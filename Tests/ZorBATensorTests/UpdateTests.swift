import CZorBAKernels
import Testing
import ZorBATensor
import ZorBATestSupport

/// The committed update: known answers, one result everywhere, unbiased rounding, refusals.
@Suite struct UpdateTests {
  @Test(arguments: InstructionSet.available)
  func resultsAreTheKnownAnswers(_ set: InstructionSet) throws {
    let cases = try UpdateGolden.all()
    #expect(cases.count == 24)
    for golden in cases {
      let result = KernelTable(set).update(
        golden.before, row: golden.row, start: golden.start, golden.rounds)
      #expect(result?.bits == golden.after?.bits, "\(golden.before.dtype) row \(golden.row)")
    }
  }

  @Test(arguments: InstructionSet.available, DType.allCases)
  func resultsAreTheScalarOnes(_ set: InstructionSet, _ dtype: DType) {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<150 {
      let stored = anyFiniteElements(dtype, random.pick(0...2500), &random)
      let rounds = (0..<random.pick(0...3)).map { _ in anyRound(dtype, &random) }
      let row = UInt32(random.pick(0...9999)), start = 32 * UInt32(random.pick(0...99))
      let result = KernelTable(set).update(stored, row: row, start: start, rounds)
      #expect(result == KernelTable.scalar.update(stored, row: row, start: start, rounds))
    }
  }

  @Test(arguments: InstructionSet.available, DType.allCases)
  func fusedRoundsAreRoundsOneByOne(_ set: InstructionSet, _ dtype: DType) throws {
    var random = SeededGenerator(seed: 4)
    let kernels = KernelTable(set)
    for _ in 0..<40 {
      let stored = StoredElements(dtype, random.signed(random.pick(1...1500)))
      let rounds = (0..<8).map { _ in anyRound(dtype, &random) }
      let fused = try #require(kernels.update(stored, row: 5, start: 64, rounds))
      var single = stored
      for round in rounds {
        single = try #require(kernels.update(single, row: 5, start: 64, [round]))
      }
      #expect(fused == single)
      #expect(fused != stored)
    }
  }

  @Test(arguments: InstructionSet.available, DType.allCases)
  func anyRangeIsAPartOfItsRow(_ set: InstructionSet, _ dtype: DType) throws {
    var random = SeededGenerator(seed: 5)
    let kernels = KernelTable(set)
    let stored = StoredElements(dtype, random.signed(2600))
    let rounds = [anyRound(dtype, &random), anyRound(dtype, &random)]
    let whole = try #require(kernels.update(stored, row: 2, start: 0, rounds)).bits
    for _ in 0..<50 {
      let start = 32 * random.pick(0...80), count = random.pick(0...(2600 - start))
      let part = StoredElements(dtype, bits: Array(stored.bits[start..<(start + count)]))
      let result = try #require(kernels.update(part, row: 2, start: UInt32(start), rounds))
      #expect(result.bits == Array(whole[start..<(start + count)]))
    }
  }

  /// Rounding alone changes nothing that is already stored exactly.
  @Test(arguments: InstructionSet.available, DType.allCases)
  func aRoundWithoutTermsKeepsEveryBit(_ set: InstructionSet, _ dtype: DType) throws {
    var random = SeededGenerator(seed: 6)
    let stored = anyFiniteElements(dtype, 4000, &random)
    let round = Round(terms: [], roundingSeed: 9, tensor: 1)
    #expect(KernelTable(set).update(stored, row: 0, start: 0, [round]) == stored)
  }

  /// The mean over many rounding seeds is the unrounded value, within five standard errors, where
  /// nearest rounding would be off by tens of them.
  @Test(arguments: [DType.bfloat16, .float16], [1.0, 0x1p-13, 0x1p-16] as [Float])
  func roundingIsUnbiased(_ dtype: DType, _ magnitude: Float) throws {
    let kernels = KernelTable(InstructionSet.available.last ?? .scalar)
    let count = 1 << 16
    let ulp: Float =
      dtype == .bfloat16 ? magnitude * 0x1p-7 : max(magnitude * 0x1p-10, 0x1p-24)
    let delta = ulp * 0.3
    let stored = StoredElements(dtype, bits: bits(of: magnitude, dtype, count))
    #expect(stored.values.allSatisfy { $0 == magnitude })
    let direction = zk_direction(.rademacher, seed: 11, tensor: 3)
    let round = Round(
      terms: [zk_term(direction: direction, coefficient: delta)], roundingSeed: 12, tensor: 3)
    let result = try #require(kernels.update(stored, row: 0, start: 0, [round])).values
    let z = kernels.perturbation(direction, row: 0, start: 0, count: count)
    var up = 0.0, down = 0.0, ups = 0.0
    for (value, sign) in zip(result, z) {
      let moved = Double((value - magnitude) / ulp)
      if sign > 0 {
        up += moved
        ups += 1
      } else {
        down += moved
      }
    }
    // Below a power of two the steps of the type are half as long: the variance only shrinks.
    let bound = 5 * (0.25 / (Double(count) / 2)).squareRoot()
    #expect(abs(up / ups - 0.3) < bound)
    #expect(abs(down / (Double(count) - ups) + 0.3) < bound)
  }

  /// Updates 512 times smaller than the smallest binary16, from 0: one in 512 is stored.
  @Test(arguments: InstructionSet.available)
  func aTinyUpdateOfZeroIsUnbiased(_ set: InstructionSet) throws {
    let count = 1 << 18
    let stored = StoredElements(.float16, bits: [UInt32](repeating: 0, count: count))
    for (exponent, expected) in [(-33, 512.0), (-34, 256), (-30, 4096), (-60, 0), (-140, 0)] {
      let direction = zk_direction(.rademacher, seed: 21, tensor: 3)
      let coefficient = Float(sign: .plus, exponent: exponent, significand: 1)
      let round = Round(
        terms: [zk_term(direction: direction, coefficient: coefficient)], roundingSeed: 22,
        tensor: 3)
      let result = try #require(KernelTable(set).update(stored, row: 0, start: 0, [round]))
      let moved = Double(result.bits.count { $0 & 0x7FFF == 1 })
      #expect(result.bits.allSatisfy { $0 & 0x7FFF <= 1 })
      #expect(abs(moved - expected) <= 5 * expected.squareRoot())
    }
  }

  /// A sum nine tenths of the way from the largest value to infinity is refused nine times in ten.
  @Test(arguments: InstructionSet.available, [DType.bfloat16, .float16])
  func roundingUpPastTheLargestValueIsRefused(_ set: InstructionSet, _ dtype: DType) {
    let largest: UInt32 = dtype == .bfloat16 ? 0x7F7F : 0x7BFF
    let ulp: Float = dtype == .bfloat16 ? 0x1p120 : 32
    let direction = zk_direction(.rademacher, seed: 23, tensor: 3)
    let z = KernelTable.scalar.perturbation(direction, row: 0, start: 0, count: 1)
    var refused = 0
    for seed in 0..<400 {
      let round = Round(
        terms: [zk_term(direction: direction, coefficient: 0.9 * ulp * z[0])],
        roundingSeed: UInt64(seed), tensor: 3)
      let stored = StoredElements(dtype, bits: [largest])
      let result = KernelTable(set).update(stored, row: 0, start: 0, [round])
      #expect(result == nil || result == stored)
      refused += result == nil ? 1 : 0
    }
    #expect(abs(refused - 360) < 30)
  }

  @Test(arguments: InstructionSet.available, DType.allCases)
  func aResultThatCannotBeStoredIsRefusedAndTheRestUntouched(
    _ set: InstructionSet, _ dtype: DType
  ) {
    let huge: Float = dtype == .float16 ? 65000 : 3e38
    let direction = zk_direction(.rademacher, seed: 1, tensor: 0)
    let z = KernelTable.scalar.perturbation(direction, row: 0, start: 0, count: 3000)
    for place in [0, 31, 32, 700, 1023, 1024, 1500, 2999] {
      var values = [Float](repeating: 0.5, count: 3000)
      values[place] = huge * z[place]
      let stored = StoredElements(dtype, values)
      for coefficient in [huge, Float.infinity, .nan] {
        var result = stored
        let round = Round(
          terms: [zk_term(direction: direction, coefficient: coefficient)], roundingSeed: 2,
          tensor: 0)
        let status = KernelTable(set).updateInPlace(&result, row: 0, start: 0, [round])
        #expect(status == ZK_NOT_FINITE)
        let first = coefficient == huge ? place / 1024 * 1024 : 0
        #expect(Array(result.bits[first...]) == Array(stored.bits[first...]))
      }
    }
  }

  // MARK: - Cases

  private func bits(of value: Float, _ dtype: DType, _ count: Int) -> [UInt32] {
    let bits: UInt32 =
      switch dtype {
      case .float32: value.bitPattern
      case .bfloat16: value.bitPattern >> 16
      case .float16:
        value.magnitude < 0x1p-14 ? UInt32(value / 0x1p-24) : UInt32(halfBits(of: value))
      }
    return [UInt32](repeating: bits, count: count)
  }

  /// Bit patterns of every kind but infinities and NaN.
  private func anyFiniteElements(
    _ dtype: DType, _ count: Int, _ random: inout SeededGenerator
  ) -> StoredElements {
    let bits = (0..<count).map { _ in
      switch dtype {
      case .float32: UInt32.random(in: 0..<0x7F80_0000, using: &random)
      case .bfloat16: UInt32.random(in: 0..<0x7F80, using: &random)
      case .float16: UInt32.random(in: 0..<0x7C00, using: &random)
      }
    }
    let sign: UInt32 = dtype == .float32 ? 1 << 31 : 1 << 15
    return StoredElements(dtype, bits: bits.map { Bool.random(using: &random) ? $0 | sign : $0 })
  }

  /// Coefficients from far below the smallest subnormal to well above 1.
  private func anyRound(_ dtype: DType, _ random: inout SeededGenerator) -> Round {
    let tensor = UInt32(random.pick(0...100_000))
    let lowest = dtype == .float16 ? -30 : -60
    let terms = (0..<random.pick(1...3)).map { _ in
      zk_term(
        direction: zk_direction(
          PerturbationDistribution.allCases[random.pick(0...2)], seed: random.next(),
          tensor: tensor),
        coefficient: Float(
          sign: .plus, exponent: random.pick(lowest...0), significand: random.signed()))
    }
    return Round(
      terms: terms, roundingSeed: random.next(), decay: Bool.random(using: &random) ? 1 : 0.99,
      tensor: tensor)
  }
}

/// One case of Goldens/updates.txt.
struct UpdateGolden {
  var row: UInt32
  var start: UInt32
  var rounds: [Round] = []
  var before: StoredElements
  var after: StoredElements?

  static func all() throws -> [UpdateGolden] {
    var cases: [UpdateGolden] = []
    var tensor: UInt32 = 0
    for line in try GoldenFile.lines("updates.txt") {
      let last = cases.count - 1
      switch line[0] {
      case "update":
        guard let dtype = DType(rawValue: String(line[1])) else {
          throw MalformedGolden(text: String(line[1]))
        }
        tensor = try hex(line[3])
        cases.append(
          UpdateGolden(
            row: try hex(line[2]), start: try hex(line[4]), before: StoredElements(dtype, bits: [])
          ))
      case "round":
        cases[last].rounds.append(
          Round(
            terms: [], roundingSeed: try hex(line[2]),
            decay: Float(bitPattern: try hex(line[1])), tensor: tensor))
      case "term":
        guard let distribution = PerturbationDistribution(rawValue: String(line[1])) else {
          throw MalformedGolden(text: String(line[1]))
        }
        cases[last].rounds[cases[last].rounds.count - 1].terms.append(
          zk_term(
            direction: zk_direction(distribution, seed: try hex(line[2]), tensor: tensor),
            coefficient: Float(bitPattern: try hex(line[3]))))
      case "before":
        cases[last].before = StoredElements(
          cases[last].before.dtype, bits: try line[1...].map { try hex($0) })
      default:
        cases[last].after =
          line[1] == "not-finite"
          ? nil
          : StoredElements(cases[last].before.dtype, bits: try line[1...].map { try hex($0) })
      }
    }
    return cases
  }
}
