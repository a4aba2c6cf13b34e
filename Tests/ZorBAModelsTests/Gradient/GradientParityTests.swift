import Testing
import ZorBACheckpoint
import ZorBAModels
import ZorBATensor
import ZorBATestSupport

/// Gradients against autograd in binary64 (transformers, eager attention).
@Suite struct GradientParityTests {
  /// Threads make no difference (GradientPropertyTests); instruction sets do.
  private static let settings = Computes.all.filter { $0.compute.team.threadCount == 2 }

  @Test(arguments: GoldenCase.all, settings)
  func gradientsAgree(_ golden: GoldenCase, _ setting: Computes.Setting) throws {
    let model = try golden.model(setting.compute)
    // Products of weights stored as bfloat16 may round their other factor to bfloat16 as well.
    let rounds = golden.name.hasSuffix("-bf16") && setting.compute.instructionSet.multipliesBFloat16
    let tolerance = rounds ? 3e-2 : 1e-4
    for (index, loss) in GradientLoss.allCases.enumerated() {
      let (gradients, value) = try model.gradient(of: loss, golden.sequences)
      let expected = try golden.gradients.tensor(named: "losses").floats()[index]
      #expect(abs(value - Double(expected)) <= (rounds ? 2e-2 : 1e-5))
      for (place, parameter) in gradients.parameters.enumerated() {
        let reference = try golden.gradients.tensor(
          named: "\(loss.rawValue).\(parameter.name)"
        ).floats().map(Double.init)
        let found = Array(gradients[place])
        // Some gradients vanish in exact arithmetic: those are held to the gradient as a whole.
        // So are those of rounded products, of which single ones are off by a tenth.
        let scale = rounds ? gradients.norm : max(reference[0], 1e-3 * gradients.norm)
        var error = 0.0
        for sum in 0..<8 {
          let difference = Self.signedSum(found, sum) - reference[1 + sum]
          error += difference * difference / 8
        }
        error = error.squareRoot() / scale
        #expect(error <= tolerance, "\(loss) \(parameter.name)")
        let first = abs(Double(found[0]) - reference[9]) / scale
        #expect(first <= tolerance, "\(loss) \(parameter.name)[0]")
      }
    }
  }

  /// The sum of the elements with the signs of the reference's sum `index`.
  private static func signedSum(_ values: [Float], _ index: Int) -> Double {
    var sum = 0.0
    for (place, value) in values.enumerated() {
      var z = UInt64(place) &+ UInt64(index) << 40 &+ 0x9E37_79B9_7F4A_7C15
      z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      sum += z >> 63 == 1 ? -Double(value) : Double(value)
    }
    return sum
  }
}

extension GoldenCase {
  /// Written by Tools/gradient_goldens_first_order.py.
  fileprivate var gradients: SafetensorsFile {
    get throws {
      try SafetensorsFile(path: Self.testFolder + "/Goldens/\(name)/gradients.safetensors")
    }
  }
}
