import CZorBAKernels

/// How one element of a tensor is stored.
public enum DType: String, Sendable, CaseIterable, Codable {
  /// IEEE-754 binary32.
  case float32
  /// The upper half of a binary32: 8 exponent bits, 7 fraction bits.
  case bfloat16
  /// IEEE-754 binary16.
  case float16

  /// Bytes per element.
  public var byteCount: Int { self == .float32 ? 4 : 2 }

  package var kernelCode: Int32 {
    switch self {
    case .float32: Int32(ZK_FLOAT32.rawValue)
    case .bfloat16: Int32(ZK_BFLOAT16.rawValue)
    case .float16: Int32(ZK_FLOAT16.rawValue)
    }
  }
}
