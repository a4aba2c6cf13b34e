import ZorBA
import ZorBAConsole
import ZorBADiagnostics
import ZorBAPresentation
import ZorBAReport

/// Runs a simulation in front of a person or a script: progress, tables, report, exit code.
struct RunPresentation {
  let common: CommonOptions
  let title: String
  var isResuming = false
  var comparesWithTrainingAlone = false

  /// - Throws: `ZorBAError`; with code `interrupted` when the run stopped early and can be resumed.
  func present(_ run: RunConfiguration) throws {
    Interruption.listen()
    let watcher = RunWatcher(isQuiet: common.quiet)
    var options = Simulation.Options()
    options.threads = common.threads
    options.comparesWithTrainingAlone = comparesWithTrainingAlone
    options.isInterrupted = { Interruption.isRequested }
    options.observer = watcher.observe
    // An error, too, begins on a line of its own.
    let result = try {
      defer { watcher.finish() }
      return try Simulation(run, options: options).run(resume: isResuming)
    }()
    let folder = RunFolder(path: run.out)
    let report = RunReport(result, configuration: run, title: title)
    try RunFolder.write(report.html(), to: folder.report)
    if common.json {
      Console.output(result.jsonText + "\n")
    } else {
      Console.output(result.text)
      common.say("Report: \(folder.report)")
    }
    if result.isIncomplete {
      throw ZorBAError(
        .interrupted, "stopped after round \(result.rounds) of \(run.rounds)",
        advice: "Continue with: zorba simulate --resume \(run.out)")
    }
  }
}
