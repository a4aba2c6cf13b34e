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
  /// x86-64 with AVX2, FMA and F16C.
  case avx2
  /// x86-64 with AVX-512 F, BW, VL, DQ.
  case avx512
  /// 64-bit Arm.
  case neon

  /// The kernels, or nil when this processor lacks them.
  package var kernels: UnsafePointer<zk_kernels>? {
    switch self {
    case .scalar: zk_kernels_for(ZK_SCALAR)
    case .avx2: zk_kernels_for(ZK_AVX2)
    case .avx512: zk_kernels_for(ZK_AVX512)
    case .neon: zk_kernels_for(ZK_NEON)
    }
  }

  /// The sets this processor has, scalar first.
  public static var available: [InstructionSet] { allCases.filter { $0.kernels != nil } }

  /// The set named by `ZORBA_ISA`, else the fastest one.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when `ZORBA_ISA` names one that this
  ///   processor lacks.
  public static func selected() throws -> InstructionSet {
    guard let name = ProcessInfo.processInfo.environment["ZORBA_ISA"], !name.isEmpty else {
      return available.last ?? .scalar
    }
    guard let chosen = InstructionSet(rawValue: name), chosen.kernels != nil else {
      throw ZorBAError(
        .invalidConfiguration, "this machine has no instruction set '\(name)'",
        at: .init(field: "ZORBA_ISA"),
        advice: "Unset ZORBA_ISA or use one of: "
          + available.map(\.rawValue).joined(separator: ", ") + ".")
    }
    return chosen
  }
}
