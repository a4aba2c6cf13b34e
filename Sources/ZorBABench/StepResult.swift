package import ZorBAJSON
package import ZorBATensor

/// What one step of training costs.
package struct StepResult: Sendable {
  /// Seconds of a step: forward passes and update.
  package var step: Spread
  /// Median seconds of the forward passes.
  package var forward: Double
  /// Median seconds of the update.
  package var update: Double
  /// Anonymous resident memory after the steps.
  package var privateBytes: Int
  /// The most memory the process ever had resident.
  package var peakBytes: Int
  package var weightsBytes: Int
  /// Resident before the steps, and the activations that a step was predicted to take.
  package var predictedBytes: Int
  /// 10^9 useful operations a second of the forward passes.
  package var gflops: Double
  package var instructionSet: InstructionSet
  package var threads: Int
  /// Tokens of a batch.
  package var tokens: Int
  /// Weights of the model.
  package var parameters: Int
  /// Mean loss of the last step's branches.
  package var loss: Double

  /// The object that `zorba bench step --json` prints.
  package var json: JSONValue {
    [
      "step_seconds": step.json, "forward_seconds": .number(forward),
      "update_seconds": .number(update), "private_bytes": .integer(privateBytes),
      "peak_bytes": .integer(peakBytes), "weights_bytes": .integer(weightsBytes),
      "predicted_bytes": .integer(predictedBytes), "gflops": .number(gflops),
      "isa": .string(instructionSet.rawValue), "threads": .integer(threads),
      "tokens": .integer(tokens), "parameters": .integer(parameters), "loss": .number(loss),
    ]
  }
}
