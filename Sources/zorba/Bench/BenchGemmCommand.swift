import ArgumentParser
import ZorBABench
import ZorBAConsole
import ZorBAJSON
import ZorBAReport
import ZorBATensor

struct BenchGemmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gemm",
    abstract: "Time a matrix product y[m,n] = x[m,k] W[n,k]^T as linear layers compute it.")

  @OptionGroup var common: CommonOptions

  @Option(help: "Rows of x, the tokens of a batch.")
  var m: Int

  @Option(help: "Columns of x and W, the inputs of the layer.")
  var k: Int

  @Option(help: "Rows of W, the outputs of the layer.")
  var n: Int

  @Option(help: "The type of W; x and y are float32.")
  var dtype = DType.bfloat16

  @Option(help: "Products to time, after one that is not.")
  var repeats = 20

  @Flag(help: "Both sides of one direction: 2 m rows, with W perturbed on the way.")
  var perturbed = false

  @Option(help: "How the random direction is distributed.")
  var perturbation = PerturbationDistribution.gaussian

  @Option(help: "The seed of the numbers.")
  var seed: UInt64 = 1

  func run() throws {
    var options = GemmMeasurement.Options(m: m, k: k, n: n)
    options.dtype = dtype
    options.repeats = repeats
    options.isPerturbed = perturbed
    options.distribution = perturbation
    options.seed = seed
    let measurement = try GemmMeasurement(
      options, context: ComputeContext(threads: common.threads))
    var progress = ProgressLine(label: "product", total: repeats, isQuiet: common.quiet)
    let result = try measurement.run { done, _ in progress.update(done: done, detail: "") }
    progress.finish()
    Console.output(common.json ? result.json.serialized + "\n" : result.text)
  }
}

extension GemmResult {
  /// The measurement as a table for a terminal.
  var text: String {
    var table = TextTable(header: ["a product", "", ""])
    table.append("time", NumberFormat.fixed(seconds.median, 6) + " s", seconds.rangeText)
    table.append("speed", NumberFormat.fixed(gflops, 1) + " Gflop/s")
    table.append("the processor's peak", NumberFormat.fixed(peakGflops, 1) + " Gflop/s")
    table.append("share of the peak", NumberFormat.percent(fractionOfPeak))
    return table.rendered() + "\n\(instructionSet.rawValue)\n"
  }
}
