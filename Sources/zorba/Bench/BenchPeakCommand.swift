import ArgumentParser
import ZorBABench
import ZorBAConsole
import ZorBAJSON
import ZorBAReport
import ZorBATensor

struct BenchPeakCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peak",
    abstract: "Measure what the processor and its memory can do at best.")

  @OptionGroup var common: CommonOptions

  func run() throws {
    let context = try ComputeContext(threads: common.threads)
    common.say("measuring the limits of \(context.team.threadCount) threads and of one")
    let result = try PeakMeasurement(context: context).run()
    Console.output(common.json ? result.json.serialized + "\n" : result.text)
  }
}

extension PeakResult {
  /// The limits as a table for a terminal.
  var text: String {
    var table = TextTable(header: ["at best", "all threads", "one thread"])
    table.append(
      "binary32 Gflop/s", NumberFormat.fixed(all.float32Gflops, 1),
      NumberFormat.fixed(oneThread.float32Gflops, 1))
    table.append(
      "bfloat16 Gflop/s", all.bfloat16Gflops.map { NumberFormat.fixed($0, 1) } ?? "–",
      oneThread.bfloat16Gflops.map { NumberFormat.fixed($0, 1) } ?? "–")
    table.append(
      "memory GB/s", NumberFormat.fixed(all.bandwidth, 1),
      NumberFormat.fixed(oneThread.bandwidth, 1))
    return table.rendered() + "\n\(instructionSet.rawValue), \(threads) threads\n"
  }
}
