import ZorBA
import ZorBAConsole
import ZorBADiagnostics
import ZorBAPlanning
import ZorBAReport
import ZorBATensor

/// What is planned for: the problem, and what is known beside it.
struct PlanSubject {
  var instance: PlanningInstance
  /// The heading of the page.
  var title = "Who trains which blocks"
  /// H, steps a client takes before it answers.
  var localSteps = 1
  /// What costs are measured in.
  var timeUnit = PlanReport.TimeUnit.units
  /// Sites that must train the same blocks at least; nil lets every site differ.
  var groupSize: Int?

  /// The problem of a run: sensitivities and costs as measured or estimated for its model and data.
  ///
  /// - Throws: `ZorBAError` naming whatever of the run cannot be used.
  static func problem(for run: RunConfiguration, common: CommonOptions) throws -> PlanSubject {
    let watcher = RunWatcher(isQuiet: common.quiet)
    defer { watcher.finish() }
    let context = try ComputeContext(precision: run.compute, threads: common.threads)
    let materials = try RunMaterials(run, context: context, observer: watcher.observe)
    let problem = try materials.problem()
    return PlanSubject(
      instance: PlanningInstance(problem: problem, names: materials.names),
      title: "Who trains which blocks", localSteps: run.method.localSteps,
      timeUnit: materials.hasCalibration ? .seconds : .units)
  }
}
