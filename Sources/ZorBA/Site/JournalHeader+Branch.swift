package import ZorBAJSON
package import ZorBAJournal
import ZorBAOptimization

extension JournalHeader {
  /// The header that a run has on its own which branched off the run of this one: what people approve of
  /// a branch, whose journal keeps the header of its source.
  ///
  /// - Parameters:
  ///   - run: The run as it is since the branch.
  ///   - described: The same, as the branch marker has it.
  package func branched(into run: RunConfiguration, described: JSONValue) -> JournalHeader {
    JournalHeader(
      schedule: run.method.directionSchedule(RunKey(seed: run.seed)), base: base, model: model,
      configuration: described)
  }
}
