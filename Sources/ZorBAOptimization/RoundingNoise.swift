import CZorBAKernels
import ZorBATensor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How much of a committed update drowns in the rounding of 16-bit storage.
///
/// An element that should move by delta lands, after stochastic rounding, on one of two neighbours
/// `ulp` apart: the mean is right, and the variance is f (1 - f) ulp^2 with f the fraction of the
/// way. For |delta| << ulp that is about |delta| ulp, far above delta^2 (numerics spec 1, section 5).
package struct RoundingNoise: Hashable, Sendable {
  package let block: Int
  /// Mean squared update of the sampled elements.
  package let updateEnergy: Double
  /// Mean variance that rounding adds to them; 0 for float32 tensors.
  package let roundingVariance: Double

  /// The share of the update's mean square that is rounding noise; 0 when nothing moves.
  package var fraction: Double {
    let total = updateEnergy + roundingVariance
    return total > 0 ? roundingVariance / total : 0
  }

  /// Whether rounding moves the weights more than the update does.
  package var dominates: Bool { roundingVariance > updateEnergy }
}

extension WeightUpdater {
  /// Measures the rounding noise of a round that is *about to be* applied, block by block.
  ///
  /// Works on about `samplesPerBlock` elements spread evenly over each covered block and changes
  /// nothing. A round that names a block the model lacks gives no measures.
  package func roundingNoise(
    of round: CommittedRound, samplesPerBlock: Int = 4096
  ) -> [RoundingNoise] {
    let blocks = round.coveredBlocks
    guard blocks.allSatisfy(parameters.blocks.indices.contains) else { return [] }
    let seeded = SeededRound(round, schedule: schedule, blockCount: parameters.blocks.count)
    return blocks.map { block in
      var sample = NoiseSample(round: seeded, kernels: context.kernels)
      let elementCount = max(1, parameters.elementCount(block: block))
      for parameter in parameters.blocks[block] {
        let share = Double(parameter.tensor.elementCount) / Double(elementCount)
        sample.add(parameter, groupCount: Int(share * Double(samplesPerBlock) / 32) + 1)
      }
      return RoundingNoise(
        block: block, updateEnergy: sample.updateEnergy / sample.count,
        roundingVariance: sample.roundingVariance / sample.count)
    }
  }
}

/// Sums over sampled elements.
private struct NoiseSample {
  let round: SeededRound
  let kernels: zk_kernels
  var updateEnergy = 0.0
  var roundingVariance = 0.0
  private var elements = 0

  var count: Double { Double(max(elements, 1)) }

  init(round: SeededRound, kernels: zk_kernels) {
    self.round = round
    self.kernels = kernels
  }

  /// Takes groups of 32 elements at even distances.
  mutating func add(_ parameter: Parameter, groupCount: Int) {
    let tensor = parameter.tensor
    let groupsPerRow = (tensor.rowLength + 31) / 32
    let available = tensor.rowCount * groupsPerRow
    let taken = min(groupCount, available)
    for pick in 0..<taken {
      let group = Int(Double(pick) * Double(available) / Double(taken))
      let row = group / groupsPerRow
      let start = group % groupsPerRow * 32
      add(parameter, row: row, columns: start..<min(start + 32, tensor.rowLength))
    }
  }

  private mutating func add(_ parameter: Parameter, row: Int, columns: Range<Int>) {
    let tensor = parameter.tensor
    var weights = [Float](repeating: 0, count: columns.count)
    kernels.expand(
      tensor.row(row) + columns.lowerBound * tensor.dtype.byteCount, tensor.dtype.kernelCode,
      columns.count, &weights)
    let before = weights.map { Double($0) }
    var after = before.map { $0 * Double(round.decay) }
    var z = [Float](repeating: 0, count: columns.count)
    for term in round.terms[parameter.id.block] {
      var direction = term.direction.restricted(to: parameter.id)
      kernels.perturbation(
        &direction, UInt32(row), UInt32(columns.lowerBound), columns.count, &z)
      for index in z.indices { after[index] += Double(term.coefficient) * Double(z[index]) }
    }
    for (old, new) in zip(before, after) {
      updateEnergy += (new - old) * (new - old)
      guard let unit = Self.unitInTheLastPlace(of: new, stored: tensor.dtype) else { continue }
      let places = new / unit
      let fraction = places - floor(places)
      roundingVariance += fraction * (1 - fraction) * unit * unit
    }
    elements += columns.count
  }

  /// The distance of neighbouring stored values around `value`; nil where rounding adds no noise.
  private static func unitInTheLastPlace(of value: Double, stored dtype: DType) -> Double? {
    let exponent = value == 0 ? Int.min : Int(value.exponent)
    switch dtype {
    case .float32: return nil
    case .bfloat16: return scalbn(1, Int32(max(exponent, -126) - 7))
    case .float16: return scalbn(1, Int32(max(exponent, -14) - 10))
    }
  }
}
