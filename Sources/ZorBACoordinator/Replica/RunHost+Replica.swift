import Logging
import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAOptimization

/// What a run does with what its replica finds.
extension RunHost {
  /// The snapshots that sites may have; nil without a replica.
  package nonisolated var snapshots: SnapshotShelf? { replica?.shelf }

  /// Whether the run is over and everything that is due after it is done.
  package var isSettled: Bool { state.isFinal && replica?.isSettled ?? true }

  func startReplica() {
    replica?.start { [weak self] report, history in
      await self?.take(report, history: history)
    }
  }

  private func take(_ report: ReplicaReport, history: Int) {
    // What was found of rounds that were taken back.
    guard history == replica?.history else { return }
    switch report {
    case .digest(let round, let digest):
      handle(.referenceDigest(round: round, digest: digest))
    case .state(let round, let state):
      handle(.referenceState(round: round, digest: state.blocks.flatMap(\.bytes)))
    case .evaluated(let evaluation, let round): keep(evaluation, round: round)
    case .snapshot(let round, let bytes):
      note("snapshot", site: nil, ["round": "\(round)", "bytes": "\(bytes)"])
    case .warning(let text): warn(text)
    }
  }

  private func keep(_ evaluation: Evaluation, round: Int) {
    ownEvaluations[round] = evaluation
    do {
      try store.recordOwn(evaluation, round: round)
    } catch {
      warn("the evaluation after round \(round) is not stored: \(error)")
    }
    resultWriter.append(evaluation, round: round)
    observer(.measured(run: name, evaluation, round: round))
    guard machine.phase == .finished else { return }
    do {
      try resultWriter.finish(result)
    } catch {
      warn("\(error)")
    }
  }

  /// At the end no site may be there to say what the weights hash to.
  func consultReplica() {
    guard let replica, machine.phase == .comparing, consulted != machine.lastCommitted else {
      return
    }
    consulted = machine.lastCommitted
    replica.tellState(of: machine.lastCommitted)
  }

  /// The journal was taken back.
  func takeBackReplica(to round: Int) {
    consulted = nil
    ownEvaluations = ownEvaluations.filter { $0.key <= round }
    segmentTables = segmentTables.filter { $0.key <= round }
    replica?.rolledBack(to: round)
  }

  /// The evaluations by round: on the coordinator's own rows where it has any, as a simulation's, else
  /// what the sites' figures come to.
  var evaluationsByRound: [Int: Evaluation] {
    let sites = (try? store.evaluations()) ?? []
    var pooled = Dictionary(sites.map { ($0.round, $0.evaluation) }, uniquingKeysWith: { $1 })
    for (round, table) in segmentTables { pooled[round]?.perSegment = table }
    return pooled.merging(ownEvaluations) { $1 }
  }
}
