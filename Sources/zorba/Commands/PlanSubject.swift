import ZorBA
import ZorBADiagnostics
import ZorBAPlanning
import ZorBAReport

/// What is planned for: the problem, and what is known beside it.
struct PlanSubject {
  var instance: PlanningInstance
  /// The heading of the page.
  var title = "Who trains which blocks"
  /// H, steps a client takes before it answers.
  var localSteps = 1
  /// What costs are measured in.
  var timeUnit = PlanReport.TimeUnit.units

  /// The problem of a run: sensitivities and costs as measured or estimated for its model and data.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration`.
  static func problem(for run: RunConfiguration) throws -> PlanSubject {
    throw ZorBAError(
      .invalidConfiguration, "planning for a run file is not connected in this version",
      at: .init(field: "run.yaml"),
      advice: "State the problem as JSON and use --instance FILE; see docs/planning.md.")
  }
}
