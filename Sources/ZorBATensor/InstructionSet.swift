package import CZorBAKernels
import ZorBADiagnostics

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The family of machine instructions the kernels use.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// Portable C.
  case scalar
  /// AVX2 with the arithmetic of the `bf16` sets emulated: slow, to try what those compute.
  case avx2bf16
  /// x86-64 with AVX2, FMA and F16C.
  case avx2
  /// x86-64 with AVX-512 F, BW, VL, DQ.
  case avx512
  /// AVX-512 with bfloat16 dot products.
  case avx512bf16
  /// 64-bit Arm.
  case neon
  /// 64-bit Arm with bfloat16 dot products.
  case neonbf16

  private var code: zk_isa {
    switch self {
    case .scalar: ZK_SCALAR
    case .avx2bf16: ZK_AVX2_BF16
    case .avx2: ZK_AVX2
    case .avx512: ZK_AVX512
    case .avx512bf16: ZK_AVX512_BF16
    case .neon: ZK_NEON
    case .neonbf16: ZK_NEON_BF16
    }
  }

  /// The kernels, or nil when this processor lacks them.
  package var kernels: UnsafePointer<zk_kernels>? { zk_kernels_for(code) }

  /// The sets this processor has, the one to be preferred last.
  public static var available: [InstructionSet] { allCases.filter { $0.kernels != nil } }

  /// True when weights stored as bfloat16 are multiplied as bfloat16, sums in binary32.
  ///
  /// Inputs and perturbed weights are then rounded to bfloat16; other weights are computed with in
  /// binary32 all the same.
  public var multipliesBFloat16: Bool { self != float32 }

  /// The same instructions, with every product in binary32.
  public var float32: InstructionSet {
    switch self {
    case .avx2bf16: .avx2
    case .avx512bf16: .avx512
    case .neonbf16: .neon
    default: self
    }
  }

  /// The set named by `ZORBA_ISA`, else the fastest one that computes as `precision` says.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when `ZORBA_ISA` names one that this
  ///   processor lacks, or when it has no bfloat16 products and they are demanded.
  public static func selected(for precision: ComputePrecision = .auto) throws -> InstructionSet {
    var chosen = available.last ?? .scalar
    let name = ProcessInfo.processInfo.environment["ZORBA_ISA"] ?? ""
    if !name.isEmpty {
      guard let named = InstructionSet(rawValue: name), named.kernels != nil else {
        throw ZorBAError(
          .invalidConfiguration, "this machine has no instruction set '\(name)'",
          at: .init(field: "ZORBA_ISA"),
          advice: "Unset ZORBA_ISA or use one of: "
            + available.map(\.rawValue).joined(separator: ", ") + ".")
      }
      chosen = named
    }
    switch precision {
    case .auto: return chosen
    case .float32: return chosen.float32
    case .bfloat16:
      guard chosen.multipliesBFloat16 else {
        throw ZorBAError(
          .invalidConfiguration,
          "\(chosen.rawValue) has no bfloat16 products",
          at: .init(field: "precision.compute"),
          advice: "Use precision.compute: auto, which computes in float32 here.")
      }
      return chosen
    }
  }
}
