import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning

/// What `secure_aggregation: auto` means for a run over a network.
///
/// A run that is taken up again goes on as its journal says. A new one is masked where nothing about it
/// stands against that and a plan in groups exists. Where everything that the plan is made from stands
/// in the run's file, that is tried at once. Plans that rest on what sites say of themselves can only
/// be made when sites are there; such a run begins masked, provisionally, and if then no plan in groups
/// keeps within every site's budget it begins anew in the clear, before its first round.
struct SecureAggregationChoice {
  /// The run with `on` or `off`.
  private(set) var configuration: RunConfiguration
  /// Why the run goes in the clear although its file does not ask for that; nil where it does not.
  private(set) var clearBecause: String?
  /// Whether masks rest on a plan that is still to be made.
  private(set) var isProvisional = false

  /// - Parameter card: The base model.
  /// - Throws: `ZorBAError` when the journal or the plan file cannot be read.
  init(_ configuration: RunConfiguration, card: ModelCard, folder: RunFolder) throws {
    self.configuration = configuration
    guard configuration.secureAggregation.mode == .auto else { return }
    let obstacle = configuration.automaticSecrecyObstacle
    if try JournalReader.hasHeader(at: folder.journal) {
      guard let kept = try Self.journaled(at: folder.journal), kept.isMasked else {
        clear(because: obstacle ?? "the run began in the clear")
        return
      }
      mask()
      isProvisional = !kept.hasPlan && configuration.restsOnSites
      return
    }
    if let obstacle {
      clear(because: obstacle)
      return
    }
    if case .file(let path) = configuration.blocks.plan { _ = try PlanFile.read(path: path) }
    mask()
    guard !configuration.restsOnSites else {
      isProvisional = true
      return
    }
    do {
      try Self.requirePlan(self.configuration, card)
    } catch let error as ZorBAError where error.code == .invalidConfiguration {
      clear(because: "no plan has groups of sites with the same blocks: \(error.message)")
    }
  }

  private mutating func mask() { configuration.secureAggregation.mode = .on }

  private mutating func clear(because reason: String) {
    configuration.secureAggregation.mode = .off
    clearBecause = reason
  }

  /// Whether a journal's run is masked, as its last branch says, and whether it has a plan.
  private static func journaled(at path: String) throws -> (isMasked: Bool, hasPlan: Bool)? {
    let reader = try JournalReader(path: path)
    var configuration = reader.header.configuration
    var hasPlan = false
    while let entry = try reader.next() {
      switch entry.record {
      case .branch(let marker): configuration = marker.configuration
      case .plan: hasPlan = true
      default: break
      }
    }
    guard let key = configuration["secure_aggregation"] else { return nil }
    let mode = key.string ?? key["mode"]?.string
    return (mode == SecureAggregationConfiguration.Mode.on.rawValue, hasPlan)
  }

  /// - Throws: `ZorBAError` with code `invalidConfiguration` where no plan has groups.
  private static func requirePlan(_ run: RunConfiguration, _ card: ModelCard) throws {
    let trained = try card.trained(by: run)
    // Under masks all sites count alike in plans, whatever they have.
    let sites = run.federation.sites.map {
      SiteProfile(name: $0, examples: max(1, run.batch.size), weight: 1)
    }
    let drawing = PlanDrawing(
      trained.configuration, shape: trained.card.planShape(of: sites),
      runKey: RunKey(seed: run.seed),
      estimates: try SiteEstimates(
        trained.configuration, card: trained.card, sites: sites, costs: []
      ).estimates)
    _ = try drawing.outcome()
  }
}

extension RunConfiguration {
  /// Whether the plan follows from what sites say of their costs and memory.
  fileprivate var restsOnSites: Bool {
    blocks.plan.needsEstimates || !blocks.budgetsMiB.isEmpty
  }
}
