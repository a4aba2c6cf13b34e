import Testing
import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAJSON
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// Mutated configurations give an error or a configuration whose sizes can be computed with.
@Suite struct ConfigurationFuzzTests {
  private static let values: [JSONValue] = [
    .null, true, false, 0, 1, 2, 3, 7, -1, .integer(.min), .integer(.max), .integer(1 << 20),
    .integer(1 << 24), .integer(1 << 31), .integer(1 << 40), 0.5, 1e-42, 1e300, -1e-5, "",
    "llama3", "default", "linear", "relu", "full_attention", [], [:], [1, 2], ["a"],
    ["rope_type": "llama3"], ["rope_theta": 1e-300, "rope_type": "linear", "factor": 1e-300],
  ]

  @Test(arguments: GoldenCase.all)
  func mutationsNeverTrap(_ golden: GoldenCase) throws {
    var random = SeededGenerator(seed: 0xC0FFEE)
    let base = golden.checkpoint.configuration
    let keys =
      try #require(base.object).members.map(\.key) + ["rope_scaling", "head_dim", "n_inner"]
    var accepted = 0
    var refused = 0
    for _ in 0..<1500 {
      var value = base
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let key = keys[Int.random(in: 0..<keys.count, using: &random)]
        let new = Self.values[Int.random(in: 0..<Self.values.count, using: &random)]
        value = ConfigurationTests.changed(value, key, Bool.random(using: &random) ? new : nil)
      }
      do {
        let configuration = try ModelConfiguration(huggingFace: value)
        accepted += 1
        // A file that claims more layers is refused by its tensors, before anything is allocated.
        guard configuration.layerCount < 8 else { continue }
        for shape in configuration.parameterShapes.flatMap({ $0 }) {
          #expect(shape.shape.allSatisfy { $0 > 0 })
          #expect(shape.shape.reduce(1, *) > 0)
        }
        if configuration != golden.configuration {
          // Whatever the configuration now asks for, binding ends in an error or a model.
          _ = try? Model(
            configuration: configuration, source: golden.checkpoint, compute: Self.compute)
        }
      } catch {
        #expect(error is ZorBAError)
        refused += 1
      }
    }
    #expect(accepted > 50 && refused > 50)
  }

  private static let compute: ComputeContext = {
    guard let compute = try? ComputeContext(threads: 1) else { preconditionFailure("no threads") }
    return compute
  }()
}
