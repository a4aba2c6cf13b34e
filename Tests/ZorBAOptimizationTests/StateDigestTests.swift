import Testing
import ZorBAJSON
import ZorBAOptimization
import ZorBATensor
import ZorBATestSupport

@Suite struct StateDigestTests {
  @Test(arguments: [1, 2, 5])
  func digestsEqualPythonsHashlib(threads: Int) throws {
    let golden = try Goldens.load("digests")
    let parameters = try TestModel.parameters(
      try #require(golden["blocks"]?.array).map { block in
        try #require(block.array).map { tensor in
          let dtype = try #require(tensor["dtype"]?.string.flatMap { DType(rawValue: $0) })
          return (dtype, try #require(tensor["shape"]?.array).compactMap(\.integer))
        }
      })
    for parameter in parameters.all {
      for index in 0..<parameter.tensor.byteCount {
        let byte = UInt8((7 * index + parameter.id.role) % 251)
        parameter.tensor.bytes.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
      }
    }
    let digest = StateDigest(of: parameters, context: try ComputeContext(threads: threads))
    let expected = try #require(golden["digests"]?.array).compactMap(\.string)
    #expect(digest.blocks.map(\.description) == expected)
    #expect(digest.state.description == golden["state"]?.string)
    #expect(
      StateDigest.digests(
        ofBlocks: [2, 0], of: parameters, context: try ComputeContext(threads: threads))
        == [digest.blocks[2], digest.blocks[0]])
  }

  @Test func oneBitChangesItsBlockAndTheState() throws {
    var generator = SeededGenerator(seed: 4)
    let context = try ComputeContext(threads: 2)
    let parameters = try TestModel.parameters([
      [(.float32, [7])], [(.bfloat16, [3, 300_000])], [(.float16, [5])],
    ])
    TestModel.fill(parameters, using: &generator)
    let before = StateDigest(of: parameters, context: context)
    for _ in 0..<20 {
      let tensor = parameters.blocks[1][0].tensor
      let place = Int.random(in: 0..<tensor.byteCount, using: &generator)
      let byte = tensor.rawBytes[place]
      let flipped = byte ^ (1 << UInt8.random(in: 0..<8, using: &generator))
      tensor.bytes.storeBytes(of: flipped, toByteOffset: place, as: UInt8.self)
      let after = StateDigest(of: parameters, context: context)
      #expect(after.blocks[0] == before.blocks[0])
      #expect(after.blocks[1] != before.blocks[1])
      #expect(after.blocks[2] == before.blocks[2])
      #expect(after.state != before.state)
      tensor.bytes.storeBytes(of: byte, toByteOffset: place, as: UInt8.self)
    }
    #expect(StateDigest(of: parameters, context: context) == before)
  }

  /// Equal bytes under another shape, type or place are another model.
  @Test func shapeTypeAndPlaceCount() throws {
    let context = try ComputeContext(threads: 1)
    let shapes: [[[TestModel.TensorShape]]] = [
      [[(.bfloat16, [4, 6])]], [[(.bfloat16, [6, 4])]], [[(.bfloat16, [24])]],
      [[(.float16, [4, 6])]], [[(.float32, [12])]], [[(.bfloat16, [12]), (.bfloat16, [12])]],
      [[(.bfloat16, [12])], [(.bfloat16, [12])]], [[], [(.bfloat16, [4, 6])]],
    ]
    let digests = try shapes.map {
      StateDigest(of: try TestModel.parameters($0), context: context).state
    }
    #expect(Set(digests).count == shapes.count)
  }
}
