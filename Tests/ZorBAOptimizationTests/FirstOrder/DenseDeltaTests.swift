import Testing
import ZorBADiagnostics
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

/// Dense updates: what they hold, how far from the truth they are, and what is no update.
@Suite struct DenseDeltaTests {
  private func shapes(_ random: inout SeededGenerator) -> [[[Int]]] {
    (0..<Int.random(in: 1...3, using: &random)).map { _ in
      (0..<Int.random(in: 1...3, using: &random)).map { _ in
        let rank = Int.random(in: 0...3, using: &random)
        return (0..<rank).map { axis in
          Int.random(in: axis == rank - 1 ? 0...40 : 1...4, using: &random)
        }
      }
    }
  }

  private func values(
    of layout: DenseLayout, using random: inout SeededGenerator
  ) -> [[Float]] {
    layout.entries.map { entry in
      let scale = Float([1e-9, 1e-3, 1, 1e4].randomElement(using: &random) ?? 1)
      return (0..<entry.elementCount).map { _ in
        Int.random(in: 0..<9, using: &random) == 0
          ? 0 : Float.random(in: -1...1, using: &random) * scale
      }
    }
  }

  private func delta(
    _ values: [[Float]], _ layout: DenseLayout, _ encoding: DenseEncoding
  ) throws -> DenseDelta {
    try DenseDelta(layout: layout, encoding: encoding) { entry, row, target in
      let first = row * target.count
      _ = target.update(fromContentsOf: values[entry][first..<first + target.count])
    }
  }

  private func decoded(_ delta: DenseDelta) throws -> [[Float]] {
    var result = delta.layout.entries.map { [Float](repeating: .nan, count: $0.elementCount) }
    try delta.decode { entry, first, values in
      for (index, value) in values.enumerated() { result[entry][first + index] = value }
    }
    return result
  }

  @Test func binary32LosesNothingAndBytesHalfAScale() throws {
    var random = SeededGenerator(seed: 31)
    for _ in 0..<200 {
      let shapes = shapes(&random)
      let layout = try #require(DenseLayout(blocks: Array(shapes.indices), shapes: shapes))
      let values = values(of: layout, using: &random)
      let exact = try delta(values, layout, .float32)
      #expect(exact.body.count == 4 * values.joined().count)
      #expect(try decoded(exact) == values)
      let short = try delta(values, layout, .int8)
      #expect(short.body.count == layout.byteCount(.int8))
      for (entry, (found, expected)) in zip(
        layout.entries, zip(try decoded(short), values))
      where entry.rowLength > 0 {
        for row in 0..<entry.rowCount {
          let range = row * entry.rowLength..<(row + 1) * entry.rowLength
          let largest = expected[range].map { abs($0) }.max() ?? 0
          let bound = Double(largest) / 127 / 2 * (1 + 1e-5)
          for (left, right) in zip(found[range], expected[range]) {
            #expect(abs(Double(left) - Double(right)) <= bound)
          }
          // The largest comes back to within a rounding.
          let back = found[range].map { abs($0) }.max() ?? 0
          #expect(abs(back - largest) <= largest * 3e-7)
        }
      }
    }
  }

  @Test func tiesGoToEvenAndTinyRowsToNothing() throws {
    let layout = try #require(DenseLayout(blocks: [0], shapes: [[[2, 4]]]))
    let row: [Float] = [127, 0.5, 1.5, -2.5]
    let tiny: [Float] = [.leastNonzeroMagnitude, 0, -.leastNonzeroMagnitude, 0]
    let delta = try delta([row + tiny], layout, .int8)
    #expect(try decoded(delta) == [[127, 0, 2, -2] + [0, 0, 0, 0]])
  }

  /// However the bytes are cut, the same values come out, in order.
  @Test func cutsDoNotMatter() throws {
    var random = SeededGenerator(seed: 32)
    for trial in 0..<200 {
      let shapes = shapes(&random)
      let layout = try #require(DenseLayout(blocks: Array(shapes.indices), shapes: shapes))
      let encoding = DenseEncoding.allCases[trial % 2]
      let whole = try delta(values(of: layout, using: &random), layout, encoding)
      var decoder = DenseDecoder(layout: layout, encoding: encoding)
      var result: [[Float]] = layout.entries.map { _ in [] }
      var rest = whole.body[...]
      while !rest.isEmpty {
        let part = Array(rest.prefix(Int.random(in: 1...23, using: &random)))
        rest = rest.dropFirst(part.count)
        try part.withUnsafeBytes { bytes in
          try decoder.feed(bytes) { entry, first, values in
            #expect(first == result[entry].count)
            result[entry] += values
          }
        }
      }
      #expect(decoder.isFinished)
      #expect(try result == decoded(whole))
      #expect(throws: ZorBAError.self) {
        try [UInt8(0)].withUnsafeBytes { try decoder.feed($0) { _, _, _ in } }
      }
    }
  }

  @Test func mutatedBytesGiveErrorsOrFiniteValues() throws {
    var random = SeededGenerator(seed: 33)
    var failures = 0
    for trial in 0..<4000 {
      let shapes = shapes(&random)
      let layout = try #require(DenseLayout(blocks: Array(shapes.indices), shapes: shapes))
      let encoding = DenseEncoding.allCases[trial % 2]
      var body = try delta(values(of: layout, using: &random), layout, encoding).body
      for _ in 0..<Int.random(in: 1...3, using: &random) where !body.isEmpty {
        body[Int.random(in: body.indices, using: &random)] =
          [0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
      }
      if trial % 5 == 0 { body.append(0) }
      do {
        let mutated = try DenseDelta(layout: layout, encoding: encoding, body: body)
        #expect(try decoded(mutated).joined().allSatisfy(\.isFinite))
      } catch let error as ZorBAError {
        #expect(error.code == .invalidData)
        failures += 1
      }
    }
    #expect(failures > 800)
  }

  @Test func shapesThatNoTensorHasAreRefused() {
    for shape in [[-1], [1 << 40, 1 << 40], [1 << 49], [0, -5], [Int.max, 2]] {
      #expect(DenseLayout(blocks: [0], shapes: [[shape]]) == nil)
    }
    #expect(DenseLayout(blocks: [1], shapes: [[[1]]]) == nil)
    #expect(DenseLayout(blocks: [-1], shapes: [[[1]]]) == nil)
    let many = [[[Int]]](repeating: [[1 << 47]], count: 4)
    #expect(DenseLayout(blocks: [0, 1, 2, 3], shapes: many) == nil)
  }

  @Test func changesThatAreNotFiniteAreRefused() throws {
    let layout = try #require(DenseLayout(blocks: [0], shapes: [[[3]]]))
    for encoding in DenseEncoding.allCases {
      for bad in [Float.nan, .infinity] {
        #expect(throws: ZorBAError.self) { _ = try delta([[1, bad, 2]], layout, encoding) }
      }
    }
  }

  @Test func updatesAddAndRefuseOtherTypes() throws {
    var random = SeededGenerator(seed: 34)
    let parameters = try TestModel.parameters([
      [(.float32, [3, 5])], [(.float32, [7]), (.float32, [])], [(.bfloat16, [4])],
    ])
    TestModel.fill(parameters, using: &random)
    let before = parameters.blocks[1].map { TestModel.floats($0.tensor) }
    let layout = DenseLayout(blocks: [1], of: parameters)
    let values = values(of: layout, using: &random)
    let untouched = TestModel.floats(parameters.blocks[0][0].tensor)
    try DenseUpdate.apply(
      delta(values, layout, .float32), round: 1, blocks: [1], to: parameters)
    for (index, parameter) in parameters.blocks[1].enumerated() {
      #expect(TestModel.floats(parameter.tensor) == zip(before[index], values[index]).map(+))
    }
    #expect(TestModel.floats(parameters.blocks[0][0].tensor) == untouched)
    #expect(throws: ZorBAError.self) {
      _ = try DenseUpdate(round: 1, blocks: [2], encoding: .float32, parameters: parameters)
    }
    let largest = Float.greatestFiniteMagnitude
    TestModel.store([Float](repeating: largest, count: 7), in: parameters.blocks[1][0].tensor)
    let huge = try delta([[Float](repeating: largest, count: 7), [0]], layout, .float32)
    #expect(throws: ZorBAError.self) {
      try DenseUpdate.apply(huge, round: 2, blocks: [1], to: parameters)
    }
    let short = try DenseUpdate(
      round: 3, blocks: [1], encoding: .float32, parameters: parameters)
    #expect(throws: ZorBAError.self) { try short.finish() }
  }
}
