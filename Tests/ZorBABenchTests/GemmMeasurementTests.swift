import Testing
import ZorBABench
import ZorBADiagnostics
import ZorBATensor

@Suite struct GemmMeasurementTests {
  @Test func perturbedProductsAreTwice() throws {
    let context = try ComputeContext(threads: 1)
    var options = GemmMeasurement.Options(m: 3, k: 5, n: 7)
    #expect(try GemmMeasurement(options, context: context).operations == 210)
    options.isPerturbed = true
    #expect(try GemmMeasurement(options, context: context).operations == 420)
  }

  @Test(arguments: DType.allCases, [false, true])
  func everyTypeRuns(dtype: DType, isPerturbed: Bool) throws {
    var options = GemmMeasurement.Options(m: 6, k: 33, n: 35)
    options.dtype = dtype
    options.isPerturbed = isPerturbed
    options.repeats = 3
    var seen = 0
    let result = try GemmMeasurement(options, context: ComputeContext(threads: 2)).run { _, _ in
      seen += 1
    }
    #expect(seen == 3)
    #expect(result.seconds.max > 0)
  }

  @Test func impossibleOptionsNameTheirFlag() throws {
    let context = try ComputeContext(threads: 1)
    func field(_ m: Int, _ k: Int, _ n: Int, repeats: Int = 1) -> String? {
      var options = GemmMeasurement.Options(m: m, k: k, n: n)
      options.repeats = repeats
      let error = #expect(throws: ZorBAError.self) {
        try GemmMeasurement(options, context: context)
      }
      #expect(error?.code == .invalidConfiguration)
      return error?.location.field
    }
    #expect(field(0, 1, 1) == "--m")
    #expect(field(1, -1, 1) == "--k")
    #expect(field(1, 1, .max) == "--n")
    #expect(field(1, 1, 1, repeats: 0) == "--repeats")
    #expect(field(1 << 20, 1 << 20, 1) == "--m, --k, --n")
  }
}
