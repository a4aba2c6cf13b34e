import CZorBAKernels
import Testing
import ZorBABench
import ZorBATensor
import ZorBATestSupport

@Suite struct PeakKernelTests {
  @Test(arguments: InstructionSet.available)
  func operationsAreProportionalToRounds(set: InstructionSet) throws {
    let kernels = try #require(set.kernels).pointee
    let one = kernels.peak_float32(1)
    #expect(one > 0)
    #expect(kernels.peak_float32(0) == 0)
    #expect(kernels.peak_float32(1000) == 1000 * one)
    if let peak = kernels.peak_bfloat16 { #expect(peak(10) == 10 * peak(1)) }
  }

  @Test(arguments: InstructionSet.available)
  func sweepsReadEveryByteOnce(set: InstructionSet) throws {
    let kernels = try #require(set.kernels).pointee
    var random = SeededGenerator(seed: 1)
    for count in [0, 1, 7, 8, 9, 63, 64, 255, 256, 257, 511, 513, 1024, 5000, 5003] {
      // Not aligned, as memory need not be.
      let bytes = (0..<count + 3).map { _ in UInt8.random(in: 0...255, using: &random) }
      var expected: UInt64 = 0
      for index in 0..<count { expected ^= UInt64(bytes[index + 3]) << UInt64(index % 8 * 8) }
      let sum = bytes.withUnsafeBytes { kernels.read_sweep($0.baseAddress.map { $0 + 3 }, count) }
      #expect(sum == expected, "\(count) bytes")
    }
  }

  @Test(arguments: [
    ("32768K\n", 32768 << 10), ("512K", 512 << 10), ("36M", 36 << 20), ("1G", 1 << 30), ("", 0),
    ("K", 0), ("12", 0), ("99999999999999999999K", 0), ("-1K", 0),
  ])
  func cacheSizesAreRead(text: String, expected: Int) {
    #expect(PeakMeasurement.cacheByteCount(text) == expected)
  }

  @Test func sweepsOutgrowTheCacheWithinReason() {
    #expect(PeakMeasurement.sweepByteCount(lastLevelCache: 0) == 256 << 20)
    #expect(PeakMeasurement.sweepByteCount(lastLevelCache: 100 << 20) == 400 << 20)
    #expect(PeakMeasurement.sweepByteCount(lastLevelCache: 1 << 40) == 1 << 30)
  }

  @Test func everyLimitIsMeasured() throws {
    let context = try ComputeContext(threads: 2)
    let result = try PeakMeasurement(context: context, duration: 0.001).run()
    for limits in [result.all, result.oneThread] {
      #expect(limits.float32Gflops > 0 && limits.float32Gflops.isFinite)
      #expect(limits.bandwidth > 0 && limits.bandwidth.isFinite)
      #expect((limits.bfloat16Gflops == nil) == (context.kernels.peak_bfloat16 == nil))
    }
    #expect(result.threads == 2)
    #expect(result.instructionSet == context.instructionSet)
  }
}
