package import ZorBAData
package import ZorBAModels

/// Where first-order training takes its gradients from: a model and its backward pass.
///
/// Buffers and the model's weights are the caller's between calls; a source keeps nothing derived
/// from the weights.
package protocol GradientSource: AnyObject {
  /// One buffer for each of the model's trainable tensors, in the order of `trainable.all`; the same
  /// as long as the source lives.
  var gradients: [UnsafeMutableBufferPointer<Float>] { get }

  /// Replaces the gradients by that of these examples' mean loss.
  ///
  /// - Parameters:
  ///   - parts: In how many passes, one after the other, so that less is kept at once.
  ///   - dropoutSeed: What masks are drawn from, where the model has any.
  /// - Returns: The losses' sum, and what they weigh: examples, or tokens for language modelling.
  ///   A loss that is not finite may leave gradients that are not.
  /// - Throws: `ZorBAError` when an example does not fit the model.
  func gradient(
    of examples: [EncodedExample], parts: Int, dropoutSeed: UInt64
  ) throws -> (loss: Double, weight: Double)
}

/// Makes the source of a model's gradients.
package typealias GradientFactory = (Model, RunConfiguration) throws -> any GradientSource
