import ArgumentParser
package import ZorBA
import ZorBAConsole
import ZorBADiagnostics
import ZorBAJSON
import ZorBAPlanning
import ZorBAPresentation
import ZorBAReport
import ZorBATensor

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Check this machine, and measure what training costs on it.",
    discussion: """
      Looks at the processor, memory, folders and limits, and with --model at a checkpoint. With \
      --calibrate it times training steps, fits what predicts time and memory, and checks the \
      predictions on steps that were left out of the fit. The model's folder is never written to.

      Exit code 1 when a check is a problem.
      """)

  @OptionGroup var common: CommonOptions

  @Option(help: "A Hugging Face checkpoint folder to look at.")
  var model: String?

  @Option(help: "Where runs will go; checked for room and speed.")
  var folder = "runs"

  @Flag(help: "Measure what training steps of the model cost.")
  var calibrate = false

  @Option(help: "Sequences of a minibatch.")
  var batch = 16

  @Option(help: "Tokens of a sequence.")
  var seq = 64

  @Option(help: "Directions of a step, two branches each.")
  var directions = 1

  @Option(help: "How random directions are distributed.")
  var perturbation = PerturbationDistribution.gaussian

  @Option(help: "Predict after every token (all) or after the last of each sequence (label).")
  var logits = Calibration.Predictions.all

  @Option(help: "The type of the weights.")
  var dtype = WeightPrecision.asCheckpoint

  @Flag(help: "Embeddings, final norm and head are trained too.")
  var outer = false

  @Option(help: "Seconds that timed steps may take; each kind is taken once in any case.")
  var seconds = 20.0

  @Option(help: "Write the calibration to this file.")
  var out: String?

  func validate() throws {
    guard !calibrate || model != nil else {
      throw ValidationError("--calibrate needs --model DIR.")
    }
    guard out == nil || calibrate else {
      throw ValidationError("--out writes a calibration; add --calibrate.")
    }
  }

  func run() throws {
    let temporary = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    var checks =
      HealthCheck.machine(threads: common.threads)
      + HealthCheck.folders(output: folder, temporary: temporary)
    if let model { checks += HealthCheck.model(model) }
    if !common.json { Console.output(Self.table(checks)) }
    let isFit = !checks.contains { $0.status == .problem }
    var outcome: Calibration.Outcome?
    if calibrate, isFit, let model {
      outcome = try calibrated(model, folder: temporary)
      if let out, let outcome {
        try RunFolder.write(outcome.calibration.json.serializedForReading, to: out)
        common.say("Calibration: \(out)")
      }
    }
    if common.json {
      Console.output(Self.json(checks, outcome).serialized + "\n")
    } else if let outcome {
      Console.output(outcome.text)
    }
    for defect in outcome?.defects ?? [] {
      Console.error("zorba: PREDICTION OFF BY MORE THAN 10 %: \(defect.sentence)\n")
    }
    guard isFit else { throw ExitCode.failure }
  }

  private func calibrated(_ model: String, folder: String) throws -> Calibration.Outcome {
    Interruption.listen()
    var options = Calibration.Options()
    options.batch = batch
    options.sequence = seq
    options.directions = directions
    options.perturbation = perturbation
    options.predictions = logits
    options.precision = dtype
    options.outer = outer
    options.seconds = seconds
    options.folder = folder
    let calibration = try Calibration(
      path: model, context: ComputeContext(threads: common.threads), options: options)
    var line: ProgressLine?
    defer { line?.finish() }
    return try calibration.run(
      progress: { done, total in
        // The total is an estimate that follows the steps' seconds.
        if line == nil {
          line = ProgressLine(label: "step", total: total, isQuiet: common.quiet)
        }
        line?.total = total
        line?.update(done: done, detail: "")
      }, isInterrupted: { Interruption.isRequested })
  }

  private static func table(_ checks: [HealthCheck]) -> String {
    var table = TextTable(header: ["check", "", "found"])
    for check in checks { table.append(check.name, check.status.rawValue, check.finding) }
    var text = table.rendered()
    let advised = checks.filter { $0.advice != nil && $0.status != .ok }
    if !advised.isEmpty { text += "\n" }
    for check in advised {
      text += "\(check.status.rawValue): \(check.name): \(check.advice ?? "")\n"
    }
    return text
  }

  private static func json(
    _ checks: [HealthCheck], _ outcome: Calibration.Outcome?
  ) -> JSONValue {
    [
      "checks": .array(checks.map(\.json)),
      "problems": .integer(checks.count { $0.status == .problem }),
      "calibration": outcome?.calibration.json ?? .null,
      "predictions": outcome.map { outcome in
        [
          "repeats": .integer(outcome.repeats), "defects": .integer(outcome.defects.count),
          "seconds": .array(outcome.time.map(\.json)),
          "bytes": .array(outcome.memory.map(\.json)),
        ]
      } ?? .null,
    ]
  }
}

extension Calibration.Predictions: ExpressibleByArgument {}

extension Calibration.Comparison {
  fileprivate var json: JSONValue {
    [
      "step": .string(name), "held_out": .bool(isHeldOut), "predicted": .number(predicted),
      "measured": .number(measured), "error": .number(error),
    ]
  }

  fileprivate var sentence: String {
    "blocks \(name): \(NumberFormat.percent(error)) (predicted \(predicted), measured \(measured))"
  }
}

extension Calibration.Outcome {
  /// Predictions beside measurements as tables for a terminal.
  fileprivate var text: String {
    let settings = calibration.settings
    var text =
      "\n\(calibration.subject.name): \(settings.batch) x \(settings.sequence) tokens, "
      + "\(settings.directions) directions, \(calibration.machine.instructionSet), "
      + "\(calibration.machine.threads) threads, each step at least \(repeats) times\n\n"
    text += Self.table(
      "seconds of a step", time, { NumberFormat.fixed($0, $0 < 0.1 ? 6 : 4) + " s" })
    text += "\n" + Self.line("time", calibration.timeError)
    if memory.isEmpty {
      return text + "\nmemory was not measured: this system does not let a peak be reset\n"
    }
    text += "\n" + Self.table("memory at the peak", memory, { NumberFormat.bytes(Int($0)) })
    return text + "\n" + Self.line("memory", calibration.memoryError)
  }

  private static func table(
    _ title: String, _ comparisons: [Calibration.Comparison], _ format: (Double) -> String
  ) -> String {
    var table = TextTable(header: [title, "", "predicted", "measured", "error"])
    for comparison in comparisons {
      table.append(
        comparison.name, comparison.isHeldOut ? "held out" : "fitted",
        format(comparison.predicted), format(comparison.measured),
        NumberFormat.percent(comparison.error))
    }
    return table.rendered()
  }

  private static func line(_ name: String, _ error: FitError?) -> String {
    guard let error else { return "\(name): nothing was held out\n" }
    return "\(name): \(error.count) held out, off by \(NumberFormat.percent(error.median)) in the "
      + "middle, by \(NumberFormat.percent(error.maximum)) at most\n"
  }
}
