import ZorBADiagnostics
import ZorBAFederation
import ZorBAModels
import ZorBAOptimization
import ZorBAPlanning
import ZorBATensor

/// What a run's plans are made from: its own model, data and rounds, and the files it names.
///
/// Nothing is measured before a plan asks for it, and nothing twice.
final class RunEstimates {
  /// What a probe found, once one was made.
  private(set) var measured: MeasuredSensitivity?

  private let configuration: RunConfiguration
  private let loaded: LoadedModel
  private let clients: [FederationClient]
  private let runKey: RunKey
  private let observer: (RunEvent) -> Void
  private var costs: [SiteCosts]?

  init(
    _ configuration: RunConfiguration, loaded: LoadedModel, clients: [FederationClient],
    runKey: RunKey, observer: @escaping (RunEvent) -> Void
  ) {
    self.configuration = configuration
    self.loaded = loaded
    self.clients = clients
    self.runKey = runKey
    self.observer = observer
  }

  /// The same as closures.
  var estimates: PlanEstimates {
    PlanEstimates(
      sensitivity: { try self.sensitivity() },
      refreshed: { try self.knowledge.refreshed($0, $1, initial: self.sensitivity) },
      costs: { try self.siteCosts() })
  }

  /// What is known before the first round.
  private func sensitivity() throws -> BlockSensitivity {
    switch configuration.blocks.sensitivity {
    case .prior: return knowledge.prior
    case .file(let path): return try knowledge.file(path)
    case .probe:
      if let measured { return measured.estimate }
      let probe = SensitivityProbe(
        model: loaded.model, clients: clients, method: configuration.method, runKey: runKey,
        directions: configuration.blocks.probeDirections)
      let found = try probe.measure { self.observer(.probing(done: $0, total: $1)) }
      measured = found
      return found.estimate
    }
  }

  private var knowledge: SensitivityKnowledge {
    let parameters = loaded.model.trainable
    return SensitivityKnowledge(
      configuration: configuration,
      parameters: parameters.blocks.indices.map { parameters.elementCount(block: $0) },
      clients: clients.map(SiteProfile.init))
  }

  /// The seconds of rounds as a calibration predicts them against those measured; nil without one.
  func forecast(_ history: [RoundMetrics], plan: ActivationPlan) throws -> RoundForecast? {
    guard let path = configuration.blocks.calibration else { return nil }
    let calibration = try SiteCalibration(path: path)
    let answers = try RunCosts.sites(
      configuration, loaded: loaded, clients: clients,
      calibrations: clients.map { _ in calibration }, commits: false)
    return RoundForecast(
      history: history, clients: clients.map(\.name), plan: plan, answers: answers)
  }

  /// Memory as the model lays it out with inactive blocks streamed; seconds as calibrated, or as
  /// shapes tell.
  private func siteCosts() throws -> [SiteCosts] {
    if let costs { return costs }
    let calibration = try configuration.blocks.calibration.map { try SiteCalibration(path: $0) }
    let found = try RunCosts.sites(
      configuration, loaded: loaded, clients: clients,
      calibrations: clients.map { _ in calibration }, isStreamed: true)
    costs = found
    return found
  }
}
