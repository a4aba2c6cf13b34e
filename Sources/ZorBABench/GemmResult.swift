package import ZorBAJSON
package import ZorBATensor

/// How fast one matrix product is.
package struct GemmResult: Sendable {
  /// Seconds of a product.
  package var seconds: Spread
  /// Operations of a product, two for a multiply-add.
  package var operations: Double
  /// 10^9 operations a second that the processor reaches at best.
  package var peakGflops: Double
  package var instructionSet: InstructionSet

  /// 10^9 operations a second of the median product.
  package var gflops: Double { operations / seconds.median / 1e9 }

  package var fractionOfPeak: Double { gflops / peakGflops }

  /// The object that `zorba bench gemm --json` prints.
  package var json: JSONValue {
    [
      "seconds": seconds.json, "gflops": .number(gflops), "peak_gflops": .number(peakGflops),
      "fraction_of_peak": .number(fractionOfPeak), "isa": .string(instructionSet.rawValue),
    ]
  }
}
