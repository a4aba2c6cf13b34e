import ZorBA
import ZorBAFederation
import ZorBASitePolicy

/// Where the weights come from when they must be made anew.
extension AgentSession {
  /// Has the files that weights are made from brought here where they are not, then makes the weights.
  func fetchWeights() throws {
    let configuration = agent.configuration
    // Under secure aggregation, answers at weights of the coordinator's choice could be told from the
    // others' in a sum. What the base model and the journal lead to is what all members agree on.
    let takesSnapshots =
      configuration.snapshots != .never && !distrustsSnapshots && !isMasked
    if case .folder = configuration.model, !takesSnapshots {
      return worker.enqueue(.rebuild(.base))
    }
    isFetchingWeights = true
    weightsTry += 1
    link.fetchWeights(
      WeightFetch(
        configuration: configuration, run: runName, round: journalEnd,
        takesSnapshots: takesSnapshots, needsBase: trainsAdapter, threads: agent.options.threads,
        observer: agent.options.observer), number: weightsTry)
  }

  /// When the agent ends nothing more is fetched, and nobody must wait for it.
  func giveUpWeightsIfOver() throws {
    guard isEnding, isFetchingWeights else { return }
    isFetchingWeights = false
    try perform(.rebuildFailed(reason: "the weights are not here"))
  }
}
