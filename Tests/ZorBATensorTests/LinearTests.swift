import CZorBAKernels
import Testing
import ZorBATensor
import ZorBATestSupport

/// The product with a perturbed matrix, against binary64.
@Suite struct LinearTests {
  @Test(arguments: InstructionSet.available, DType.allCases)
  func productsAreExactWithinRounding(_ set: InstructionSet, _ dtype: DType) {
    var random = SeededGenerator(seed: 7)
    for round in 0..<60 {
      let transposed = round % 2 == 1
      var problem = LinearProblem(
        dtype: dtype, transposed: transposed, n: random.pick(1...150), k: random.pick(1...600),
        &random)
      for _ in 0..<random.pick(1...5) {
        // Generation (up to 4 rows) and training batches take different ways.
        let rows = Bool.random(using: &random) ? random.pick(0...4) : random.pick(5...60)
        problem.addBranch(rows: rows, direction: random.pick(-1...1), &random)
      }
      problem.accumulate = Bool.random(using: &random)
      problem.check(KernelTable(set), columns: 0..<problem.n)
    }
  }

  @Test(arguments: InstructionSet.available, [false, true])
  func columnsOutsideTheRangeAreLeftAlone(_ set: InstructionSet, _ transposed: Bool) {
    var random = SeededGenerator(seed: 8)
    for rows in [2, 9] {
      for columns in [0..<32, 32..<64, 64..<97, 96..<130, 0..<130, 128..<130, 64..<64] {
        var problem = LinearProblem(
          dtype: .bfloat16, transposed: transposed, n: 130, k: 70, &random)
        problem.addBranch(rows: rows, direction: 0, &random)
        problem.addBranch(rows: rows, direction: -1, &random)
        problem.check(KernelTable(set), columns: columns)
      }
    }
  }

  /// A branch without rows before one with a few, on the same direction.
  @Test(arguments: InstructionSet.available, [false, true])
  func emptyBranchesStandAside(_ set: InstructionSet, _ transposed: Bool) {
    var random = SeededGenerator(seed: 11)
    for rows in [2, 9] {
      for _ in 0..<4 {
        var problem = LinearProblem(
          dtype: .float32, transposed: transposed, n: random.pick(1...70), k: random.pick(1...70),
          &random)
        for count in [0, rows, 0, rows] { problem.addBranch(rows: count, direction: 0, &random) }
        problem.check(KernelTable(set), columns: 0..<problem.n)
      }
    }
  }

  /// Widths on both sides of every block of the kernels.
  @Test(arguments: InstructionSet.available)
  func edgesOfBlocksAreExact(_ set: InstructionSet) {
    var random = SeededGenerator(seed: 9)
    for k in [1, 3, 4, 31, 32, 33, 255, 256, 257, 511, 513, 1023, 1024, 1025, 1100] {
      for rows in [1, 4, 5, 6, 7, 13, 14, 15, 97] where rows < 50 || k < 300 {
        var problem = LinearProblem(
          dtype: .float32, transposed: Bool.random(using: &random), n: random.pick(60...70), k: k,
          &random)
        problem.addBranch(rows: rows, direction: 1, &random)
        problem.check(KernelTable(set), columns: 0..<problem.n)
      }
    }
  }

  /// The matrix that a product sees is the one `perturbed` writes.
  @Test(arguments: InstructionSet.available, DType.allCases)
  func perturbedIsStoredPlusScaledDirection(_ set: InstructionSet, _ dtype: DType) {
    var random = SeededGenerator(seed: 10)
    let kernels = KernelTable(set)
    for distribution in PerturbationDistribution.allCases {
      for _ in 0..<20 {
        let count = random.pick(0...900), start = UInt32(random.pick(0...300))
        let stored = StoredElements(dtype, random.signed(count))
        var direction = zk_direction(distribution, seed: random.next(), tensor: 5)
        let scale = random.signed()
        var out = [Float](repeating: 77, count: count + 1)
        stored.bytes.withUnsafeBytes {
          kernels.table.perturbed(
            $0.baseAddress, dtype.kernelCode, &direction, 3, start, count, scale, &out)
        }
        let z = KernelTable.scalar.perturbation(direction, row: 3, start: start, count: count)
        for (i, w) in stored.values.enumerated() {
          let exact = Double(w) + Double(scale) * Double(z[i])
          // Two roundings at most: of the product and of the sum.
          let bound = 0x1p-23 * (Double(w.magnitude) + Double((scale * z[i]).magnitude))
          #expect(abs(Double(out[i]) - exact) <= bound)
        }
        #expect(out[count] == 77)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func everyStoredValueWidensExactly(_ set: InstructionSet) {
    let kernels = KernelTable(set)
    let all = (0...UInt32(0xFFFF)).map { $0 }
    for dtype in [DType.bfloat16, .float16] {
      let stored = StoredElements(dtype, bits: all)
      var out = [Float](repeating: 0, count: all.count)
      stored.bytes.withUnsafeBytes {
        kernels.table.expand($0.baseAddress, dtype.kernelCode, all.count, &out)
      }
      for (value, expected) in zip(out, stored.values) {
        #expect(value == expected || value.isNaN && expected.isNaN)
        #expect(value.sign == expected.sign || expected.isNaN)
      }
    }
  }
}

/// The nearest bfloat16, ties to even, by comparing both neighbours.
private func nearestBFloat16(_ value: Float) -> Float {
  let below = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
  let above = Float(bitPattern: (value.bitPattern & 0xFFFF_0000) &+ 0x1_0000)
  let (toBelow, toAbove) = ((value - below).magnitude, (above - value).magnitude)
  if toBelow == toAbove { return below.bitPattern & 0x1_0000 == 0 ? below : above }
  return toBelow < toAbove ? below : above
}

/// One call of `linear`, at odd addresses and strides.
struct LinearProblem {
  struct Branch {
    var x: [Float]
    var y: [Float]
    var bias: [Float]?
    var rows: Int
    var direction: Int
    var scale: Float
  }

  let dtype: DType
  let transposed: Bool
  let n: Int
  let k: Int
  let weight: StoredElements
  let directions: [zk_direction]
  var branches: [Branch] = []
  var accumulate = false
  var isBatchInvariant = false

  var xStride: Int { k + 3 }
  var yStride: Int { n + 5 }

  init(dtype: DType, transposed: Bool, n: Int, k: Int, _ random: inout SeededGenerator) {
    self.dtype = dtype
    self.transposed = transposed
    self.n = n
    self.k = k
    weight = StoredElements(dtype, random.signed(n * k))
    directions = (0..<2).map { _ in
      zk_direction(
        PerturbationDistribution.allCases[random.pick(0...2)], seed: random.next(), tensor: 4099)
    }
  }

  mutating func addBranch(rows: Int, direction: Int, _ random: inout SeededGenerator) {
    branches.append(
      Branch(
        x: random.signed(rows * xStride), y: random.signed(rows * yStride),
        bias: Bool.random(using: &random) ? random.signed(n) : nil, rows: rows,
        direction: direction, scale: random.signed()))
  }

  /// Runs the kernel and compares every element of y, those outside `columns` included.
  func check(_ kernels: KernelTable, columns: Range<Int>) {
    let results = run(kernels, columns: columns)
    let stored = weight.values
    let z = directions.map { direction in
      (0..<(transposed ? k : n)).map { row in
        KernelTable.scalar.perturbation(
          direction, row: UInt32(row), start: 0, count: transposed ? n : k)
      }
    }
    // Few rows are never packed, and never rounded.
    let isNarrowed =
      kernels.set.multipliesBFloat16 && dtype == .bfloat16
      && branches.contains { $0.rows > 4 }
    var worst = 0.0
    var untouched = true
    for (branch, y) in zip(branches, results) {
      for row in 0..<branch.rows {
        let x = branch.x[(row * xStride)..<(row * xStride + k)]
        for column in 0..<yStride {
          let place = row * yStride + column
          guard columns.contains(column) else {
            untouched = untouched && y[place] == branch.y[place]
            continue
          }
          var exact = accumulate ? Double(branch.y[place]) : 0
          var size = abs(exact)
          if let bias = branch.bias {
            exact += Double(bias[column])
            size += Double(bias[column].magnitude)
          }
          for (i, value) in x.enumerated() {
            let w = Double(transposed ? stored[i * n + column] : stored[column * k + i])
            var direction: Float = 0
            if branch.direction >= 0 {
              let lines = z[branch.direction]
              direction = transposed ? lines[i][column] : lines[column][i]
            }
            let moved = Double(branch.scale) * Double(direction)
            if isNarrowed {
              let weight = narrowedWeight(Float(w), z: direction, branch)
              exact += Double(nearestBFloat16(value)) * Double(weight)
            } else {
              exact += Double(value) * (w + moved)
            }
            size += abs(Double(value)) * (abs(w) + abs(moved))
          }
          // Any order of k + 4 additions of once-rounded terms stays within this (Higham, Accuracy
          // and Stability of Numerical Algorithms, section 3.1); one lost term does not.
          worst = max(worst, abs(Double(y[place]) - exact) / (size * Double(k + 6) * 0x1p-24))
        }
      }
    }
    #expect(worst <= 1, "\(dtype) n \(n) k \(k) rows \(branches.map(\.rows)) columns \(columns)")
    #expect(untouched)
  }

  /// A perturbed weight as bfloat16: the second, fourth … side of a direction is rounded from the
  /// side before it, every other from the weight as stored.
  private func narrowedWeight(_ w: Float, z: Float, _ branch: Branch) -> Float {
    guard branch.direction >= 0 else { return w }
    var sides: [Float] = []
    for other in branches where other.direction == branch.direction && other.rows > 0 {
      if !sides.contains(other.scale) { sides.append(other.scale) }
    }
    guard let side = sides.firstIndex(of: branch.scale), side % 2 == 1 else {
      return nearestBFloat16(w.addingProduct(branch.scale, z))
    }
    let first = nearestBFloat16(w.addingProduct(sides[side - 1], z))
    return nearestBFloat16(first.addingProduct(branch.scale - sides[side - 1], z))
  }

  /// What y becomes, branch by branch.
  func run(_ kernels: KernelTable, columns: Range<Int>) -> [[Float]] {
    // One byte off, as a checkpoint may place it.
    let bytes = [0] + weight.bytes
    let copies = branches.map { branch in
      (x: copy(branch.x), y: copy(branch.y), bias: branch.bias.map(copy))
    }
    defer {
      for each in copies {
        each.x.deallocate()
        each.y.deallocate()
        each.bias?.deallocate()
      }
    }
    let native = zip(branches, copies).map { branch, copies in
      zk_branch(
        x: copies.x, y: copies.y, bias: copies.bias, x_stride: xStride, y_stride: yStride,
        rows: branch.rows, direction: Int32(branch.direction), scale: branch.scale)
    }
    bytes.withUnsafeBytes { bytes in
      directions.withUnsafeBufferPointer { directions in
        native.withUnsafeBufferPointer { native in
          var job = zk_linear(
            weight: bytes.baseAddress.map { $0 + 1 }, dtype: dtype.kernelCode,
            transposed: transposed ? 1 : 0, n: n, k: k, directions: directions.baseAddress,
            direction_count: directions.count, branches: native.baseAddress,
            branch_count: native.count, accumulate: accumulate ? 1 : 0,
            batch_invariant: isBatchInvariant ? 1 : 0)
          let scratch = UnsafeMutableRawPointer.allocate(
            byteCount: max(64, kernels.table.linear_scratch(&job)), alignment: 64)
          defer { scratch.deallocate() }
          kernels.table.linear(&job, columns.lowerBound, columns.upperBound, scratch)
        }
      }
    }
    return zip(branches, copies).map { branch, copies in
      Array(UnsafeBufferPointer(start: copies.y, count: branch.y.count))
    }
  }

  private func copy(_ values: [Float]) -> UnsafeMutablePointer<Float> {
    let pointer = UnsafeMutablePointer<Float>.allocate(capacity: values.count + 1)
    for (i, value) in values.enumerated() { (pointer + i).initialize(to: value) }
    return pointer
  }
}
