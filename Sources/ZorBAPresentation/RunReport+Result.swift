package import ZorBA
import ZorBAConsole
import ZorBAOptimization
import ZorBAPlanning
package import ZorBAReport
import ZorBATensor

extension RunReport {
  /// The page of a run.
  package init(_ result: RunResult, configuration run: RunConfiguration, title: String) {
    self.init(title: title, summary: Self.summary(of: result, run), facts: Self.facts(of: run))
    trainingLoss = result.history.map { .init(round: $0.round, value: $0.loss) }
    evaluationLoss = Self.evaluationLoss(of: result)
    sites = Self.sites(of: result)
    blocks = Self.blocks(of: result)
    if !result.history.isEmpty, !result.clients.isEmpty {
      let shares = Double(result.history.count * result.clients.count)
      traffic = .init(
        upPerClientRound: Double(result.bytesUp) / shares,
        downPerClientRound: Double(result.bytesDown) / shares, upTotal: Double(result.bytesUp),
        downTotal: Double(result.bytesDown), weightsOnce: Double(result.weightsBytes))
    }
    memory = .init(
      peak: Double(result.peakBytes),
      predicted: result.predictedPeakBytes > 0 ? Double(result.predictedPeakBytes) : nil,
      weights: Double(result.weightsBytes))
    if let forecast = result.roundForecast {
      roundSeconds = .init(
        measured: forecast.measuredSeconds, predicted: forecast.predictedSeconds,
        basis: forecast.source == .calibration ? "a calibration" : "rounds 2 to 20")
    }
    seconds = .init(
      forward: result.time.forward, update: result.time.update,
      other: result.time.other + result.time.evaluation)
    participants = result.clients.map { name in
      .init(
        name: name, examples: result.clientExamples[name],
        rounds: result.history.count { $0.clients.contains { $0.name == name } })
    }
    fairness = Fairness(result)
    contributions = result.contributions.map(Contribution.init)
    protection = result.protection.map { Protection($0, spent: result.privacy) }
    state = .init(
      digest: result.stateDigest, journalPath: result.journalPath,
      journalBytes: Double(result.journalBytes))
    notes = result.warnings.map { .init(.warning, $0) } + Self.deviations(of: result)
    if result.isIncomplete { notes.append(.init(.warning, "The run is incomplete; resume it.")) }
  }

  /// Warnings of predictions that were off by more than the project allows.
  private static func deviations(of result: RunResult) -> [Note] {
    func note(_ name: String, _ error: Double?) -> Note? {
      guard let error, error.magnitude > FitError.tolerance else { return nil }
      return Note(
        .warning, "The prediction of \(name) was off by \(NumberFormat.percent(error)).")
    }
    return [
      note("peak memory", result.memoryError),
      note("a round's seconds", result.roundForecast?.error),
    ].compactMap { $0 }
  }

  private static func summary(of result: RunResult, _ run: RunConfiguration) -> String {
    let passes = run.method.name.isFirstOrder ? "gradients" : "forward passes only"
    let sites = "\(result.clients.count) sites, \(result.rounds) rounds, \(passes)."
    guard let before = result.before?.overall.accuracy, let after = result.after?.overall.accuracy
    else { return sites }
    return
      "\(sites) Accuracy \(NumberFormat.percent(before)) before, \(NumberFormat.percent(after)) after."
  }

  private static func facts(of run: RunConfiguration) -> [Fact] {
    let method = run.method
    var facts = [
      Fact("Model", run.model.split(separator: "/").last.map(String.init) ?? run.model),
      Fact("Task", run.task.kind.rawValue),
      Fact("Rounds", "\(run.rounds)"),
    ]
    if method.name != .zorba { facts.append(Fact("Method", method.name.rawValue)) }
    if method.name.isFirstOrder {
      facts += [
        Fact("Local steps", "\(method.localSteps)"),
        Fact("Optimiser", method.firstOrder.optimizer.rawValue),
        Fact("Changes sent as", method.firstOrder.upload.rawValue),
      ]
    } else {
      facts += [
        Fact("Directions a step", "\(method.directions)"),
        Fact("Local steps", "\(method.localSteps)"),
        Fact("Perturbation", "\(method.perturbation.rawValue), mu \(method.mu)"),
        Fact("Seeding", method.seeding.rawValue),
      ]
    }
    return facts + [
      Fact("Learning rate", "\(method.learningRate), \(method.schedule.rawValue)"),
      Fact("Batch", "\(run.batch.size) examples a client"),
      Fact("Seed", "\(run.seed)"),
    ]
  }

  private static func evaluationLoss(of result: RunResult) -> [RoundValue] {
    var points = result.evaluations.map {
      RoundValue(round: $0.round, value: $0.evaluation.overall.loss)
    }
    if let before = result.before {
      points.insert(.init(round: 0, value: before.overall.loss), at: 0)
    }
    if let after = result.after {
      points.append(.init(round: result.rounds, value: after.overall.loss))
    }
    return points
  }

  private static func sites(of result: RunResult) -> [Site] {
    func figures(_ evaluation: Evaluation?, site: String?) -> Evaluation.Figures? {
      guard let site else { return evaluation?.overall }
      return evaluation?.perClient.first { $0.name == site }?.figures
    }
    let evaluation = result.after ?? result.before
    let names: [String?] = [nil] + (evaluation?.perClient.map { Optional($0.name) } ?? [])
    return names.compactMap { name in
      let alone = result.alone.first { $0.client == name }?.evaluation
      let all = result.alone.compactMap(\.evaluation.overall.accuracy)
      let mean = all.isEmpty ? nil : all.reduce(0, +) / Double(all.count)
      let site = Site(
        name: name ?? "all sites", before: Metrics(figures(result.before, site: name)),
        alone: name == nil
          ? mean.map { Metrics(accuracy: $0) } : Metrics(figures(alone, site: name)),
        federated: Metrics(figures(result.after, site: name)))
      return site.before == nil && site.federated == nil ? nil : site
    }
  }

  private static func blocks(of result: RunResult) -> BlockActivation? {
    guard let row = result.activeShare.first, !row.isEmpty else { return nil }
    return BlockActivation(
      participants: result.clients, share: result.activeShare,
      activeByRound: result.history.map { round in
        let active = round.clients.reduce(0) { $0 + $1.activeBlocks }
        let pairs = round.clients.count * row.count
        return .init(round: round.round, value: Double(active) / Double(max(1, pairs)))
      })
  }
}

extension RunReport.Metrics {
  /// nil where there is no accuracy, as for language modelling.
  init?(_ figures: Evaluation.Figures?) {
    guard let figures, let accuracy = figures.accuracy else { return nil }
    self.init(
      accuracy: accuracy, macroF1: figures.macroF1, loss: figures.loss,
      examples: figures.examples)
  }
}
