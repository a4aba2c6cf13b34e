package import CZorBAKernels

/// The distribution of perturbation values (numerics spec 1, section 3).
public enum PerturbationDistribution: String, Sendable, CaseIterable, Codable {
  /// ±1 with equal probability.
  case rademacher
  /// Near-normal from a population count: integer work only, kurtosis 2.9187.
  case popcount
  /// Standard normal by Box–Muller with fixed polynomials.
  case gaussian

  package var kernelCode: Int32 {
    switch self {
    case .rademacher: Int32(ZK_RADEMACHER.rawValue)
    case .popcount: Int32(ZK_POPCOUNT.rawValue)
    case .gaussian: Int32(ZK_GAUSSIAN.rawValue)
    }
  }
}

/// One random direction in parameter space, all of it determined by 64 bits.
public struct Direction: Hashable, Sendable {
  /// The Philox key.
  public var seed: UInt64
  /// How words become values.
  public var distribution: PerturbationDistribution

  /// Creates a direction.
  public init(seed: UInt64, distribution: PerturbationDistribution) {
    self.seed = seed
    self.distribution = distribution
  }

  /// The direction restricted to one tensor, as kernels take it.
  package func restricted(to tensor: TensorID) -> zk_direction {
    zk_direction(seed: seed, tensor: tensor.rawValue, distribution: distribution.kernelCode)
  }
}

/// The number of a tensor in the counter space of the random generator: 4096 × block + role.
///
/// Block 0 holds what lies outside the transformer blocks (embeddings, final norm, head); the
/// transformer block numbered `i` from 0 is block `i + 1`. Roles count the block's tensors in the
/// order of their canonical names' UTF-8 bytes.
public struct TensorID: Hashable, Sendable {
  /// The packed value.
  public let rawValue: UInt32

  /// Creates an id; `role` is below 4096 and `block` below 2^20.
  public init(block: Int, role: Int) {
    precondition(role >= 0 && role < 4096 && block >= 0 && block < 1 << 20)
    rawValue = UInt32(block) * 4096 + UInt32(role)
  }

  /// The block: 0 for what lies outside the transformer blocks, else the block's index plus 1.
  public var block: Int { Int(rawValue / 4096) }
  /// The tensor's place among its block's sorted names.
  public var role: Int { Int(rawValue % 4096) }
}
