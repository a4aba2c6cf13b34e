package import ZorBATensor

/// How a safetensors file stores one element: the names of the format and their widths.
///
/// Only three of them can become a `Tensor`; the rest appear in real checkpoints as buffers
/// (masks, positions) that a model here never reads but an export must carry over.
package enum SafetensorsElement: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case uint16 = "U16"
  case int16 = "I16"
  case uint32 = "U32"
  case int32 = "I32"
  case uint64 = "U64"
  case int64 = "I64"
  case float4 = "F4"
  case float6e2m3 = "F6_E2M3"
  case float6e3m2 = "F6_E3M2"
  case float8e4m3 = "F8_E4M3"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3fnuz = "F8_E4M3FNUZ"
  case float8e5m2fnuz = "F8_E5M2FNUZ"
  case float8e8m0 = "F8_E8M0"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case float32 = "F32"
  case float64 = "F64"
  case complex64 = "C64"

  /// Bits per element; a tensor's bits must fill whole bytes.
  package var bitCount: Int {
    switch self {
    case .float4: 4
    case .float6e2m3, .float6e3m2: 6
    case .bool, .uint8, .int8, .float8e4m3, .float8e5m2, .float8e4m3fnuz, .float8e5m2fnuz,
      .float8e8m0:
      8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .uint32, .int32, .float32: 32
    case .uint64, .int64, .float64, .complex64: 64
    }
  }

  /// The tensor type, or nil when a `Tensor` cannot hold it.
  package var dtype: DType? {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .float16: .float16
    default: nil
    }
  }

  package init(_ dtype: DType) {
    self =
      switch dtype {
      case .float32: .float32
      case .bfloat16: .bfloat16
      case .float16: .float16
      }
  }
}
