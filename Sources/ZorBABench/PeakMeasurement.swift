import CZorBAKernels
import Synchronization
package import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Measures what the processor and its memory can do at best, with the kernels' own instructions.
///
/// Each figure takes about half a second and is the best of many short slices: other work on the
/// machine can only take away from a limit.
package struct PeakMeasurement: Sendable {
  private let context: ComputeContext
  /// How long one figure is measured.
  private let duration: Double

  private static let sliceDuration = 0.01

  package init(context: ComputeContext, duration: Double = 0.5) {
    self.context = context
    self.duration = duration
  }

  /// Measures everything, with all threads and with one.
  ///
  /// - Throws: `ZorBAError` with code `inputOutput` when there is no memory to read.
  package func run() throws -> PeakResult {
    let one = try limits(threads: 1)
    return PeakResult(
      all: context.team.threadCount == 1 ? one : try limits(threads: context.team.threadCount),
      oneThread: one, threads: context.team.threadCount, instructionSet: context.instructionSet)
  }

  /// The arithmetic peak of all threads for weights of a type, in 10^9 operations a second.
  package func gflops(for dtype: DType) -> Double {
    let threads = context.team.threadCount
    let float32 = gflops(threads: threads, context.kernels.peak_float32)
    guard dtype == .bfloat16, let peak = context.kernels.peak_bfloat16 else { return float32 }
    return max(float32, gflops(threads: threads, peak))
  }

  private func limits(threads: Int) throws -> PeakResult.Limits {
    PeakResult.Limits(
      float32Gflops: gflops(threads: threads, context.kernels.peak_float32),
      bfloat16Gflops: context.kernels.peak_bfloat16.map { gflops(threads: threads, $0) },
      bandwidth: try bandwidth(threads: threads))
  }

  /// The best rate of many slices: `body` returns what one slice did and the seconds it took.
  private func best(_ body: () -> (amount: Double, seconds: Double)) -> Double {
    var best = 0.0
    var elapsed = 0.0
    repeat {
      let slice = body()
      elapsed += slice.seconds
      if slice.seconds > 0 { best = max(best, slice.amount / slice.seconds) }
    } while elapsed < duration
    return best
  }

  /// Calls `body` for every index, on all threads or on the caller's alone.
  private func forEach(_ count: Int, threads: Int, _ body: (_ index: Int) -> Void) {
    if threads > 1 { return context.team.forEach(count) { index, _ in body(index) } }
    for index in 0..<count { body(index) }
  }

  // MARK: - Arithmetic

  private func gflops(threads: Int, _ peak: @convention(c) (Int) -> Int) -> Double {
    // As many rounds as one thread does in a slice.
    var repeats = 1 << 10
    while repeats < 1 << 40, seconds({ _ = peak(repeats) }) < Self.sliceDuration { repeats *= 2 }
    let share = repeats
    let operations = Atomic<Int>(0)
    return best {
      operations.store(0, ordering: .relaxed)
      let time = seconds {
        forEach(threads, threads: threads) { _ in
          operations.wrappingAdd(peak(share), ordering: .relaxed)
        }
      }
      return (Double(operations.load(ordering: .relaxed)) / 1e9, time)
    }
  }

  // MARK: - Memory

  private func bandwidth(threads: Int) throws -> Double {
    let pieceCount = Self.sweepByteCount(lastLevelCache: Self.lastLevelCache) / Self.pieceByteCount
    let buffer = try AlignedBuffer(byteCount: pieceCount * Self.pieceByteCount)
    let pieces = (0..<pieceCount).map {
      UnsafeMutableRawBufferPointer(
        start: buffer.bytes + $0 * Self.pieceByteCount, count: Self.pieceByteCount)
    }
    // Pages that were never written would all be the same page of zeros.
    context.team.forEach(pieceCount) { index, _ in
      pieces[index].initializeMemory(as: UInt8.self, repeating: UInt8(truncatingIfNeeded: index))
    }
    let sweep: @convention(c) (UnsafeRawPointer?, Int) -> UInt64 = context.kernels.read_sweep
    let sum = Atomic<UInt64>(0)
    return best {
      let time = seconds {
        forEach(pieceCount, threads: threads) { index in
          sum.bitwiseXor(sweep(pieces[index].baseAddress, pieces[index].count), ordering: .relaxed)
        }
      }
      return (Double(pieceCount * Self.pieceByteCount) / 1e9, time)
    }
  }

  private static let pieceByteCount = 1 << 20

  /// How much to read: four times the cache, so that little of one sweep is left for the next, and
  /// between 256 MiB and 1 GiB.
  package static func sweepByteCount(lastLevelCache: Int) -> Int {
    4 * min(max(lastLevelCache, 64 << 20), 256 << 20)
  }

  /// Bytes of the largest cache of the first processor; 0 where the system does not tell.
  private static var lastLevelCache: Int {
    (0..<8).reduce(0) { largest, index in
      let path = "/sys/devices/system/cpu/cpu0/cache/index\(index)/size"
      guard let data = FileManager.default.contents(atPath: path) else { return largest }
      return max(largest, cacheByteCount(String(decoding: data, as: UTF8.self)))
    }
  }

  /// Reads `512K` or `32M`; 0 for anything else.
  package static func cacheByteCount(_ text: String) -> Int {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), number < 1 << 30 else { return 0 }
    switch text.dropFirst(digits.count).first {
    case "K": return number << 10
    case "M": return number << 20
    case "G": return number << 30
    default: return 0
    }
  }
}
