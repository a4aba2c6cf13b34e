import ZorBADiagnostics
package import ZorBAFederation
package import ZorBAPlanning

/// What a plan is made from besides the configuration; asked for only by plans that need it.
package struct PlanEstimates {
  /// What is known of the gradients before the first round.
  package var sensitivity: () throws -> BlockSensitivity
  /// What is known of them after some rounds: their metrics, and the plans they followed.
  package var refreshed: ([RoundMetrics], ActivationTimeline) throws -> BlockSensitivity
  /// What training costs at every site. [clients]
  package var costs: () throws -> [SiteCosts]

  /// - Parameter refreshed: nil keeps to what was known before.
  package init(
    sensitivity: @escaping () throws -> BlockSensitivity,
    refreshed: (([RoundMetrics], ActivationTimeline) throws -> BlockSensitivity)? = nil,
    costs: @escaping () throws -> [SiteCosts]
  ) {
    self.sensitivity = sensitivity
    self.refreshed = refreshed ?? { _, _ in try sensitivity() }
    self.costs = costs
  }
}

extension PlanEstimates {
  /// Estimates from the sizes of model and batch alone, and from the files that the run names.
  package static func standard(_ configuration: RunConfiguration, shape: PlanShape) -> Self {
    PlanEstimates(
      sensitivity: { try sensitivity(configuration.blocks, shape: shape) },
      costs: { try costs(configuration, shape: shape) })
  }

  /// Gradients as large as blocks are, equally alike at all sites.
  private static func sensitivity(
    _ blocks: BlockConfiguration, shape: PlanShape
  ) throws -> BlockSensitivity {
    switch blocks.sensitivity {
    case .prior:
      let total = shape.parameters.reduce(0, +)
      let share = shape.parameters.map { $0 / total }
      return BlockSensitivity(
        gradientEnergy: share, clientSpread: share, sampleNoise: share,
        clients: shape.clientCount)
    case .file(let path):
      return try .read(path: path, clients: shape.clientCount, blocks: shape.blockCount)
    case .probe:
      throw ZorBAError(
        .invalidConfiguration, "nothing here can run probe rounds",
        at: .init(field: "blocks.sensitivity"), advice: "Use prior, or a file of sensitivities.")
    }
  }

  /// Memory: beside the active blocks, and their snapshot under local steps, a site holds the outer
  /// block, its activations, and one block that is streamed through. Time: multiply-adds at a nominal
  /// speed; only ratios mean something.
  private static func costs(
    _ configuration: RunConfiguration, shape: PlanShape
  ) throws -> [SiteCosts] {
    if let calibration = configuration.blocks.calibration {
      throw ZorBAError(
        .invalidConfiguration, "nothing here can read a calibration",
        at: .init(file: calibration, field: "blocks.calibration"),
        advice: "Leave it out to reckon with the sizes of the model.")
    }
    let copies = configuration.method.localSteps > 1 ? 2.0 : 1
    let seconds = shape.parameters.map { $0 * shape.tokens / nominalSpeed }
    let branches = Double(2 * configuration.method.directions)
    let site = SiteCosts(
      fixedBytes: shape.outerBytes + shape.activationBytes + (shape.blockBytes.max() ?? 0),
      residentBytes: shape.blockBytes.map { $0 * copies }, prefixSeconds: seconds,
      suffixSeconds: seconds.map { $0 * branches }, activeSeconds: seconds.map { _ in 0 })
    return Array(repeating: site, count: shape.clientCount)
  }

  /// Multiply-adds a second.
  private static let nominalSpeed = 1e10
}
