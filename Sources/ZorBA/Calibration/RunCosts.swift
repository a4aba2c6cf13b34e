import ZorBACheckpoint
import ZorBAModels
import ZorBAOptimization
package import ZorBAPlanning

/// What every client of a run pays for a round, as the planner wants it.
package enum RunCosts {
  /// Costs of clients, from calibrations where there are any, else from shapes.
  ///
  /// A client's seconds are those of its mean minibatch, its memory that of its most demanding one.
  /// Clients of one run differ in their examples; with calibrations also in their machines. Memory
  /// is that of weights, activations and scratch; a calibration adds the site's own process.
  ///
  /// - Parameters:
  ///   - calibrations: One a client; missing ones are `AnalyticCosts`, whose seconds compare with
  ///     each other and with nothing else. Give all or none where seconds decide.
  ///   - federationSize: Clients of the whole federation, where these are only some of them.
  ///   - isStreamed: Whether inactive blocks are streamed, which makes memory depend on the row; nil
  ///     is as the model was loaded.
  ///   - commits: Whether applying the committed round counts; without it costs are those of
  ///     `RoundMetrics.seconds`.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` when a calibration is of another model.
  package static func sites(
    _ configuration: RunConfiguration, loaded: LoadedModel, clients: [FederationClient],
    calibrations: [SiteCalibration?] = [], federationSize: Int? = nil, isStreamed: Bool? = nil,
    commits: Bool = true
  ) throws -> [SiteCosts] {
    let method = configuration.method
    let size = Double(federationSize ?? clients.count)
    let participants = size * configuration.federation.participation
    let round = SiteCosts.Round(
      directions: method.directions, localSteps: method.localSteps,
      directionSets: method.seeding == .perClient ? max(1, Int(participants.rounded())) : 1,
      outer: configuration.blocks.outer, commits: commits)
    // Nothing of an adapted model's base is written, so no row needs any of it more than another.
    let isStreamed =
      loaded.adapter == nil && isStreamed ?? (loaded.residency != nil)
    var own = MemoryModel(
      of: loaded.model, weightsBytes: loaded.weightsByteCount, activationBytes: 0,
      hasSnapshot: method.localSteps > 1, isStreamed: isStreamed)
    // Where nothing was calibrated, plans are about what a run adds: this process is no site's.
    own.processBytes = 0
    let analytic = AnalyticCosts.time(loaded.configuration)
    return try clients.enumerated().map { index, client in
      let load = SiteCalibration.Load(
        work: StepWork(
          loaded.configuration,
          batch: BatchShape(examples: client.examples, batchSize: configuration.batch.size)),
        activationBytes: try MemoryForecast.trainingPass(
          configuration, loaded: loaded, clients: [client]
        ).bytes)
      if calibrations.indices.contains(index), let calibration = calibrations[index] {
        try calibration.requireFit(loaded.model)
        return calibration.siteCosts(round, load: load, isStreamed: isStreamed)
      }
      own.activationBytes = load.activationBytes
      let bytes = own.linear(outer: round.outer)
      return SiteCosts(
        fixedBytes: bytes.fixed, residentBytes: bytes.resident, time: analytic, work: load.work,
        round: round)
    }
  }
}
