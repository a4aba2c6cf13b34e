import ZorBA
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJSON
import ZorBAJournal
import ZorBAPlanning

/// What `secure_aggregation: auto` means for a run over a network.
enum SecureAggregationChoice {
  /// The run with `on` or `off`.
  ///
  /// A run that is taken up again goes on as its journal says. A new one is masked where nothing
  /// about it stands against that and its plan, as it is, has all sites train the same blocks or
  /// groups of them that are large enough. Plans that the coordinator makes are not changed for it:
  /// `on` has the planner make groups.
  ///
  /// - Throws: `ZorBAError` when the journal or the plan file cannot be read.
  static func resolved(
    _ configuration: RunConfiguration, blocks: Int, folder: RunFolder
  ) throws -> RunConfiguration {
    guard configuration.secureAggregation.mode == .auto else { return configuration }
    var run = configuration
    run.secureAggregation.mode = .off
    if try JournalReader.hasHeader(at: folder.journal) {
      guard let kept = try journaled(at: folder.journal) else { return run }
      return kept ? masked(configuration) : run
    }
    guard configuration.secureAggregationObstacle == nil, try isGrouped(configuration, blocks)
    else { return run }
    return masked(configuration)
  }

  private static func masked(_ configuration: RunConfiguration) -> RunConfiguration {
    var run = configuration
    run.secureAggregation.mode = .on
    return run
  }

  /// Whether a journal's run is masked, as its last branch says.
  private static func journaled(at path: String) throws -> Bool? {
    let reader = try JournalReader(path: path)
    var configuration = reader.header.configuration
    while let entry = try reader.next() {
      if case .branch(let marker) = entry.record { configuration = marker.configuration }
    }
    guard let key = configuration["secure_aggregation"] else { return false }
    return (key.string ?? key["mode"]?.string) == SecureAggregationConfiguration.Mode.on.rawValue
  }

  private static func isGrouped(_ configuration: RunConfiguration, _ blocks: Int) throws -> Bool {
    let federation = configuration.federation
    let minimum = configuration.secureAggregation.groupToAsk
    switch configuration.blocks.plan {
    case .full:
      let drawn = Int((federation.participation * Double(federation.sites.count)).rounded())
      return drawn >= minimum
    case .file(let path):
      guard federation.participation == 1 else { return false }
      return try PlanFile.read(path: path)
        .plan(for: federation.sites, blocks: blocks, file: path).hasGroups(ofAtLeast: minimum)
    default: return false
    }
  }
}
