/// The mechanism: clipped vectors, summed on a grid, with discrete Gaussian noise.
///
/// Sensitivity: a clipped vector has an L2 norm of at most C, and rounding entries toward zero shortens
/// it. So one vector more moves the sum by at most C, and one exchanged for another by at most 2 C.
package struct GaussianRelease: Sendable {
  /// C: the longest vector of one unit.
  package let clip: Double
  /// Where vectors and noise lie.
  package let grid: NoiseGrid
  /// What the noised sum is divided by; public.
  package let divisor: Double

  /// - Parameters:
  ///   - clip: Above 0.
  ///   - divisor: Above 0.
  package init(clip: Double, grid: NoiseGrid, divisor: Double) {
    precondition(clip > 0 && divisor > 0)
    self.clip = clip
    self.grid = grid
    self.divisor = divisor
  }

  /// A vector within the clipping norm, on the grid, in steps.
  ///
  /// A vector with an entry that is no finite number becomes 0: what it says nobody can bound.
  package func clipped(_ vector: [Double]) -> [Int64] {
    let largest = vector.reduce(0) { max($0, abs($1)) }
    guard vector.allSatisfy(\.isFinite), largest > 0 else {
      return [Int64](repeating: 0, count: vector.count)
    }
    // Divided by the largest entry, no square overflows.
    let length =
      largest * vector.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
    let factor = length > clip ? clip / length : 1
    var steps = vector.map { grid.steps($0 * factor) }
    // Rounding of the length can leave a vector too long by an ulp or two.
    while !isWithinClip(steps) {
      steps = steps.map { $0 - $0.signum() }
    }
    return steps
  }

  private func isWithinClip(_ steps: [Int64]) -> Bool {
    let length = UInt128(max(0, grid.steps(clip)))
    var sum: UInt128 = 0
    for step in steps {
      let (square, isLarge) = UInt128(step.magnitude)
        .multipliedReportingOverflow(by: UInt128(step.magnitude))
      let (next, overflow) = sum.addingReportingOverflow(square)
      if isLarge || overflow { return false }
      sum = next
    }
    return sum <= length * length
  }

  /// The mean of vectors over the divisor, private; of none as well.
  ///
  /// - Parameters:
  ///   - vectors: One for each unit that takes part, each of `dimension` numbers.
  ///   - dimension: The numbers to release.
  package func release(
    _ vectors: [[Double]], dimension: Int, using random: inout some CryptographicGenerator
  ) -> [Double] {
    var sum = [Int64](repeating: 0, count: dimension)
    for vector in vectors {
      precondition(vector.count == dimension)
      for (index, step) in clipped(vector).enumerated() {
        sum[index] = sum[index].addingReportingOverflow(step).partialValue
      }
    }
    return sum.map { total in
      let noised = total.addingReportingOverflow(grid.noise.sample(using: &random)).partialValue
      return grid.value(noised) / divisor
    }
  }
}
