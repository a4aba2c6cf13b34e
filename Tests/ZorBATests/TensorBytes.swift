import ZorBATensor

/// A tensor's stored bytes, copied while its owner is alive.
func storedBytes(_ tensor: Tensor) -> [UInt8] {
  withExtendedLifetime(tensor) { Array(tensor.rawBytes) }
}
