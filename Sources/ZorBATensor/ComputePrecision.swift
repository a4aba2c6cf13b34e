/// The precision of the products of a forward pass.
///
/// It changes losses in their last digits, never how weights are updated: sites that compute
/// differently still hold the same bits.
public enum ComputePrecision: String, Sendable, CaseIterable {
  /// bfloat16 where weights are stored so and the processor multiplies such pairs, else binary32.
  case auto
  /// binary32 throughout.
  case float32
  /// As `auto`, and an error where the processor cannot.
  case bfloat16
}
