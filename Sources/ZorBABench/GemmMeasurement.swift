import ZorBACheckpoint
import ZorBAData
import ZorBADiagnostics
import ZorBAModels
package import ZorBATensor

/// Times one matrix product as the linear layers of a model compute it: y = x Wᵀ.
package struct GemmMeasurement: Sendable {
  /// The product.
  package struct Options: Sendable {
    /// Rows of x.
    package var m: Int
    /// Columns of x and of W.
    package var k: Int
    /// Rows of W, columns of y.
    package var n: Int
    /// How W is stored; x and y are binary32.
    package var dtype = DType.bfloat16
    /// Timed products, after one that is not.
    package var repeats = 20
    /// Both sides of one direction, so 2 m rows, with W perturbed on the way.
    package var isPerturbed = false
    package var distribution = PerturbationDistribution.gaussian
    package var seed: UInt64 = 1

    package init(m: Int, k: Int, n: Int) {
      self.m = m
      self.k = k
      self.n = n
    }
  }

  private let options: Options
  private let context: ComputeContext

  private static let perturbationScale: Float = 1e-3

  /// - Throws: `ZorBAError` with code `invalidConfiguration` when an extent is impossible.
  package init(_ options: Options, context: ComputeContext) throws {
    try OptionCheck.require(options.m, in: 1...1 << 20, option: "--m")
    try OptionCheck.require(options.k, in: 1...1 << 20, option: "--k")
    try OptionCheck.require(options.n, in: 1...1 << 20, option: "--n")
    try OptionCheck.require(options.repeats, in: 1...1_000_000, option: "--repeats")
    let elements = [
      options.m * options.k, options.n * options.k, options.m * options.n,
    ]
    guard elements.allSatisfy({ $0 <= 1 << 32 }) else {
      throw ZorBAError(
        .invalidConfiguration,
        "a product of \(options.m) x \(options.k) and \(options.k) x \(options.n) has a matrix of "
          + "more than \(1 << 32) elements", at: .init(field: "--m, --k, --n"),
        advice: "Make one of them smaller.")
    }
    self.options = options
    self.context = context
  }

  /// Operations of one product, two for a multiply-add.
  package var operations: Double {
    2 * Double(options.m * (options.isPerturbed ? 2 : 1)) * Double(options.k) * Double(options.n)
  }

  /// Runs the product on random numbers, and the arithmetic peak in the same breath.
  ///
  /// - Parameter progress: Told after every timed product.
  /// - Throws: `ZorBAError` with code `inputOutput` when memory is exhausted.
  package func run(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> GemmResult {
    let x = try random(rows: options.m, columns: options.k)
    let layer = try IsolatedLinear(weight: weight(), compute: context)
    let directions =
      options.isPerturbed
      ? [Direction(seed: options.seed, distribution: options.distribution)] : []
    let times = try layer.evaluate(
      x.bytes.assumingMemoryBound(to: Float.self), rows: options.m, directions: directions,
      scale: Self.perturbationScale
    ) { product in
      _ = product()
      return (1...options.repeats).map { number in
        let time = seconds { _ = product() }
        progress(number, options.repeats)
        return time
      }
    }
    return GemmResult(
      seconds: Spread(times), operations: operations,
      peakGflops: PeakMeasurement(context: context).gflops(for: options.dtype),
      instructionSet: context.instructionSet)
  }

  /// W, rounded to its type.
  private func weight() throws -> Tensor {
    let exact = SingleTensor(tensor: try random(rows: options.n, columns: options.k))
    return try WorkingCopy(of: exact, dtype: options.dtype).tensor(named: SingleTensor.name)
  }

  /// Uniform numbers between -1 and 1: [rows, columns].
  private func random(rows: Int, columns: Int) throws -> Tensor {
    let count = rows * columns
    let buffer = try AlignedBuffer(byteCount: count * DType.float32.byteCount)
    let elements = buffer.bytes.bindMemory(to: Float.self, capacity: count)
    var random = RandomGenerator(seed: options.seed, UInt64(rows), UInt64(columns))
    for index in 0..<count {
      elements[index] = Float(Int32(truncatingIfNeeded: random.next())) * 0x1p-31
    }
    return Tensor(dtype: .float32, shape: [rows, columns], bytes: buffer.bytes, owner: buffer)
  }
}

/// A source of one tensor.
private struct SingleTensor: TensorSource {
  static let name = "weight"
  let tensor: Tensor

  var tensorNames: [String] { [Self.name] }

  func tensor(named name: String) -> Tensor { tensor }
}
