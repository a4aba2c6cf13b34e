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
        let reference = try GradientSummary(
          golden.gradients.tensor(named: "\(loss.rawValue).\(parameter.name)"))
        // Some gradients vanish in exact arithmetic: those are held to the gradient as a whole.
        // So are those of rounded products, of which single ones are off by a tenth.
        let scale = rounds ? gradients.norm : max(reference.norm, 1e-3 * gradients.norm)
        let error = reference.error(of: Array(gradients[place]), scale: scale)
        #expect(error <= tolerance, "\(loss) \(parameter.name)")
      }
    }
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
