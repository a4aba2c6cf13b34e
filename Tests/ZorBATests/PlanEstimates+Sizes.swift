import ZorBAPlanning

@testable import ZorBA

extension PlanEstimates {
  /// Estimates from the sizes of model and batch alone, so that tests know them to the byte.
  static func sizes(_ configuration: RunConfiguration, _ shape: PlanShape) -> Self {
    let total = shape.parameters.reduce(0, +)
    let share = shape.parameters.map { $0 / total }
    let copies = configuration.method.localSteps > 1 ? 2.0 : 1
    let seconds = shape.parameters.map { $0 * shape.tokens / 1e10 }
    let branches = Double(2 * configuration.method.directions)
    let site = SiteCosts(
      fixedBytes: shape.outerBytes + shape.activationBytes + (shape.blockBytes.max() ?? 0),
      residentBytes: shape.blockBytes.map { $0 * copies }, prefixSeconds: seconds,
      suffixSeconds: seconds.map { $0 * branches }, activeSeconds: seconds.map { _ in 0 })
    return PlanEstimates(
      sensitivity: {
        BlockSensitivity(
          gradientEnergy: share, clientSpread: share, sampleNoise: share,
          clients: shape.clientCount)
      }, costs: { Array(repeating: site, count: shape.clientCount) })
  }
}
