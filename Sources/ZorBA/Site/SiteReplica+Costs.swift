package import ZorBAPlanning

extension SiteReplica {
  /// What a round costs this site, as the planner wants it, inactive blocks streamed: what a
  /// simulation of the run reckons for this client.
  ///
  /// - Parameter calibration: A file with this machine's measured memory and time; without one, seconds
  ///   come from shapes and compare only with others that do. Of a run with an adapter they always do:
  ///   calibrations are of whole models.
  /// - Throws: `ZorBAError` when the calibration cannot be read or is of another model.
  package func costs(calibration path: String? = nil) throws -> SiteCosts {
    let calibration = loaded.adapter != nil ? nil : try path.map { try SiteCalibration(path: $0) }
    let found = try RunCosts.sites(
      configuration, loaded: loaded, clients: [client], calibrations: [calibration],
      federationSize: configuration.federation.sites.count, isStreamed: true)
    return found[0]
  }
}
