package import ZorBAJSON
package import ZorBATensor

/// What a machine can do at best.
package struct PeakResult: Sendable, Equatable {
  /// The limits of some number of threads working together.
  package struct Limits: Sendable, Equatable {
    /// 10^9 binary32 operations a second, two for a multiply-add.
    package var float32Gflops: Double
    /// The same for dot products of bfloat16 pairs; nil where the processor has none.
    package var bfloat16Gflops: Double?
    /// 10^9 bytes a second read from memory, not from a cache.
    package var bandwidth: Double

    /// The peak for weights stored as `dtype`: products of bfloat16 may use its dot product, all
    /// else is widened to binary32.
    package func gflops(for dtype: DType) -> Double {
      dtype == .bfloat16 ? max(float32Gflops, bfloat16Gflops ?? 0) : float32Gflops
    }

    fileprivate var members: [(String, JSONValue)] {
      [
        ("float32_gflops", .number(float32Gflops)),
        ("bfloat16_gflops", bfloat16Gflops.map { .number($0) } ?? .null),
        ("bandwidth_gbytes_per_second", .number(bandwidth)),
      ]
    }
  }

  package var all: Limits
  package var oneThread: Limits
  package var threads: Int
  package var instructionSet: InstructionSet

  /// The object that `zorba bench peak --json` prints.
  package var json: JSONValue {
    JSONValue(
      members: all.members + [
        ("threads", .integer(threads)), ("isa", .string(instructionSet.rawValue)),
        ("one_thread", JSONValue(members: oneThread.members)),
      ])
  }
}

extension JSONValue {
  /// An object of distinct keys.
  init(members: [(String, JSONValue)]) {
    var object = JSONObject()
    for (key, value) in members {
      let isNew = object.append(.init(key: key, value: value))
      precondition(isNew, "key '\(key)' appears twice")
    }
    self = .object(object)
  }
}
