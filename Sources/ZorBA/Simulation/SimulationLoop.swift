import ZorBACheckpoint
import ZorBADiagnostics
import ZorBAFederation
import ZorBAModels
import ZorBAOptimization
import ZorBAPlanning

/// Round after round, evaluation between them, and the result at the end.
struct SimulationLoop {
  let run: PreparedRun
  let record: RunRecord
  let session: any RoundSession
  let options: Simulation.Options
  let folder: RunFolder
  /// What keeps the clients' ledgers; nil where the run promises nothing.
  var privacy: FederationPrivacy?

  /// Runs what is left of the run.
  ///
  /// - Throws: `ZorBAError` when the run diverges or the disk refuses.
  func finish() throws -> RunResult {
    var result = RunResult(model: run.configuration.model, rounds: 0)
    var time = TimeLedger()
    let clock = ContinuousClock()
    let start = clock.now
    result.before = try time.measure(\.evaluation) { try evaluation(after: 0) }
    let finished = try train(time: &time)
    let digest = StateDigest(of: run.loaded.model.trainable, context: run.context)
    if finished {
      result.after = try time.measure(\.evaluation) {
        try evaluation(after: run.configuration.rounds)
      }
      warnIfWorse(before: result.before, after: result.after)
      if !record.hasEnded { try record.end(digest, reason: "all rounds committed") }
    }
    result.peakBytes = ProcessMemory.current().peakBytes
    time.forward = session.time.forward
    time.update = session.time.update
    time.total = (clock.now - start) / .seconds(1)
    result.time = time
    result.isIncomplete = !finished
    fill(&result, digest: digest)
    try RunFolder.write(result.jsonText + "\n", to: folder.result)
    if finished, options.comparesWithTrainingAlone {
      result.alone = try trainAlone() ?? []
      result.warnings = record.warnings
      try RunFolder.write(result.jsonText + "\n", to: folder.result)
    }
    return result
  }

  /// A step that is too long can flatten a model without any scalar looking absurd.
  private func warnIfWorse(before: Evaluation?, after: Evaluation?) {
    guard let before = before?.overall.loss, let after = after?.overall.loss, after > before else {
      return
    }
    record.warn(
      "the evaluation loss rose from \(before) to \(after); try a lower method.learning_rate")
  }

  private func train(time: inout TimeLedger) throws -> Bool {
    let rounds = run.configuration.rounds
    var replanning = Replanning(members: run.clients.indices)
    try evaluateIfDue(time: &time)
    while session.lastCommitted < rounds {
      if options.isInterrupted() { return false }
      try replanIfDue(&replanning)
      session.follow(record.timeline.plan(round: session.lastCommitted + 1))
      _ = try session.advanceRound { round, metrics in
        try record.commit(round, metrics, rounds: rounds)
      }
      try evaluateIfDue(time: &time)
    }
    return true
  }

  /// Evaluates where the last round calls for it, unless that was done before an interruption.
  private func evaluateIfDue(time: inout TimeLedger) throws {
    let every = run.configuration.evaluate.every
    let done = session.lastCommitted
    guard every > 0, done > 0, done % every == 0, done < run.configuration.rounds,
      let rows = run.periodicRows, !record.evaluations.contains(where: { $0.round == done })
    else { return }
    try time.measure(\.evaluation) {
      try record.evaluated(run.evaluate(rows), round: done, series: run.series(after: done))
    }
  }

  /// The evaluation before or after training, from the record if it was made already.
  private func evaluation(after round: Int) throws -> Evaluation? {
    guard let rows = run.finalRows else { return nil }
    if let known = record.evaluations.last(where: { $0.round == round }) {
      return known.evaluation
    }
    // A run resumed from before its first evaluation has moved on; the base is evaluated afresh.
    guard session.lastCommitted == round else { return nil }
    let evaluation = try run.evaluate(rows)
    try record.evaluated(evaluation, round: round, series: run.series(after: round))
    return evaluation
  }

  /// Every site by itself, from the base model; nil when there is nothing to evaluate on, or the
  /// comparison was interrupted.
  private func trainAlone() throws -> [(client: String, evaluation: Evaluation)]? {
    guard let rows = run.finalRows else { return nil }
    var results: [(client: String, evaluation: Evaluation)] = []
    for client in run.clients.indices {
      guard let alone = try run.aloneSession(client: client, gradients: options.gradients)
      else { continue }
      while alone.session.lastCommitted < run.configuration.rounds {
        if options.isInterrupted() {
          record.warn("the comparison with training alone was interrupted and is left out")
          return nil
        }
        let metrics = try alone.session.advanceRound { _, _ in }
        options.observer(
          .trainedAlone(
            client: run.clients[client].name, round: metrics.round,
            rounds: run.configuration.rounds, loss: metrics.loss))
      }
      results.append((run.clients[client].name, try run.evaluate(rows, model: alone.model)))
    }
    return results
  }

  private func fill(_ result: inout RunResult, digest: StateDigest) {
    result.rounds = session.lastCommitted
    result.evaluations = record.evaluations.filter {
      $0.round > 0 && $0.round < run.configuration.rounds
    }
    result.history = record.history
    result.clients = run.clients.map(\.name)
    for client in run.clients { result.clientExamples[client.name] = client.examples.count }
    result.activeShare = record.timeline.activeShare(rounds: session.lastCommitted)
    // After a change of plan the calibration would speak of rounds that the first plan did not have.
    if record.timeline.spans(upTo: session.lastCommitted).count == 1 {
      result.calibratedForecast = try? run.runEstimates.forecast(record.history, plan: run.plan)
    }
    result.countTrainedParameters(
      of: run.loaded.model.trainable, outer: run.configuration.blocks.outer)
    result.poolDownloadBytes =
      run.configuration.method.directionSchedule(run.runKey).pool?.downloadByteCount
    result.weightsBytes = run.loaded.weightsByteCount
    result.predictedPeakBytes = run.memory.peakBytes
    result.stateDigest = "\(digest.state)"
    result.journalPath = folder.journal
    result.journalBytes = record.journalBytes
    result.driftAlarms = record.drift?.alarms ?? []
    if let fairness = run.configuration.fairness { result.minimumCount = fairness.minimumCount }
    result.contributions = record.contributions.contributions
    result.contributionAlarms = record.contributions.alarms
    result.privacy = privacy?.report
    result.protection = RunProtection(run.configuration, history: record.history)
    result.warnings = record.warnings
  }
}
