import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
package import ZorBAOptimization
package import ZorBAPlanning

/// Makes the activation plan that a configuration asks for.
package struct PlanDrawing {
  package let configuration: RunConfiguration
  package let shape: PlanShape
  package let estimates: PlanEstimates
  /// The places of the shape's clients in the federation, where they are only some of it.
  let members: [Int]?
  private let runKey: RunKey

  /// - Parameters:
  ///   - members: The places of the shape's clients among `federation.sites`, ascending, where a plan
  ///     is for some of them: keys that list a value a client list one for each site all the same.
  ///     nil for all.
  package init(
    _ configuration: RunConfiguration, shape: PlanShape, runKey: RunKey, estimates: PlanEstimates,
    members: [Int]? = nil
  ) {
    precondition(members.map { $0.count == shape.clientCount } ?? true)
    self.members = members
    self.configuration = configuration
    self.shape = shape
    self.runKey = runKey
    self.estimates = estimates
  }

  private var options: BlockConfiguration { configuration.blocks }

  /// The policy that makes the plan; nil when it is read from a file.
  package var policy: Policy? { options.plan.name.flatMap { Policy(rawValue: $0) } }

  /// Whether better estimates would change the plan.
  package var restsOnEstimates: Bool { policy?.needsEstimates == true }

  /// The plan, checked.
  ///
  /// - Parameter sensitivity: What is known of gradients by now; nil asks for what is known before
  ///   the first round.
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming what does not fit.
  package func outcome(knowing sensitivity: BlockSensitivity? = nil) throws -> PolicyOutcome {
    let outcome: PolicyOutcome
    if let policy {
      var input = try input(for: policy, knowing: sensitivity)
      // A run waits for its first plan once, for refreshed ones again and again.
      if sensitivity != nil { input.effort = .quick }
      outcome = try policy.plan(input)
    } else if case .file(let path) = options.plan {
      let plan = try PlanFile.read(path: path)
        .plan(for: shape.names, blocks: shape.blockCount, file: path)
      outcome = PolicyOutcome(plan: plan)
    } else {
      preconditionFailure("a plan is a policy's or a file's")
    }
    let share = policy == .lexicographic ? options.minimumShare : 1
    try outcome.plan.requireCoverage(atLeast: options.minClients, share: share)
    try outcome.plan.requireWork()
    try configuration.aggregation.requireAnswers(
      in: outcome.plan,
      asked: Participation.count(
        share: configuration.federation.participation, clients: outcome.plan.clientCount))
    if configuration.secureAggregation.isOn {
      try outcome.plan.requireGroups(
        ofAtLeast: configuration.secureAggregation.groupToAsk, names: shape.names)
    }
    try Self.requireRoom(for: outcome.plan)
    return outcome
  }

  /// What the policies decide from.
  package func input(
    for policy: Policy, knowing sensitivity: BlockSensitivity? = nil
  ) throws -> PolicyInput {
    let needsCosts = policy.needsEstimates || !options.budgetsMiB.isEmpty
    let sites = needsCosts ? try costs() : []
    var input = PolicyInput(
      names: shape.names, capacities: try capacities(of: policy, sites: sites),
      blocks: shape.blockCount, minimumClients: options.minClients, window: options.rotateEvery,
      rounds: configuration.rounds, maximumPairs: PlanRecord.maximumPairs,
      problem: policy.needsEstimates ? try problem(sites: sites, knowing: sensitivity) : nil
    ) { [runKey] in RunStream.activation.generator(runKey: runKey, index: $0) }
    if configuration.secureAggregation.isOn {
      input.groupSize = configuration.secureAggregation.groupToAsk
    }
    return input
  }

  /// What the planner solves.
  ///
  /// - Throws: `ZorBAError` with code `invalidConfiguration` naming what does not fit.
  package func problem(knowing sensitivity: BlockSensitivity? = nil) throws -> PlanningProblem {
    try problem(sites: costs(), knowing: sensitivity)
  }

  private func problem(
    sites: [SiteCosts], knowing known: BlockSensitivity?
  ) throws -> PlanningProblem {
    let method = configuration.method
    let sensitivity = try known ?? estimates.sensitivity()
    try requireFit(sensitivity.clientCount, sensitivity.blockCount, "blocks.sensitivity")
    let total = shape.parameters.reduce(0, +)
    let smoothness =
      options.smoothness ?? Double(method.directions) / (method.learningRate * max(1, total))
    var problem = PlanningProblem(
      convergence: ConvergenceModel(
        sensitivity: sensitivity, parameters: shape.parameters, weights: shape.weights,
        varianceWeight: smoothness * method.learningRate, directions: method.directions,
        seeding: method.seeding == .shared ? .shared : .perClient, countsMinibatchNoise: true),
      sites: sites, budgets: try budgets(sites: sites), deadline: options.deadlineSeconds,
      minimumClients: options.minClients, minimumBlocks: 1,
      required: try blocks(options.required, key: "required"),
      forbidden: try blocks(options.forbidden, key: "forbidden"),
      groups: try options.together.map { try $0.map { try block($0, key: "together") } },
      stages: options.stages.compactMap { PlanningProblem.Stage(rawValue: $0.rawValue) },
      epsilon: options.epsilon,
      rotation: .init(
        length: options.rotateEvery == 0 ? 1 : options.cycle, window: max(1, options.rotateEvery),
        minimumShare: options.minimumShare))
    problem.names = shape.names
    return problem
  }

  private func costs() throws -> [SiteCosts] {
    let sites = try estimates.costs()
    for count in Set(sites.map(\.residentBytes.count)).union(sites.isEmpty ? [0] : []) {
      try requireFit(sites.count, count, "blocks.calibration")
    }
    return sites
  }

  private func requireFit(_ clients: Int, _ blocks: Int, _ field: String) throws {
    guard clients != shape.clientCount || blocks != shape.blockCount else { return }
    throw ZorBAError(
      .invalidConfiguration,
      "there are numbers for \(clients) clients and \(blocks) blocks, the run has "
        + "\(shape.clientCount) and \(shape.blockCount)", at: .init(field: field),
      advice: "Give the numbers of this federation and model.")
  }

  /// The journal lists every matrix of the cycle once.
  private static func requireRoom(for plan: ActivationPlan) throws {
    let pairs = plan.cycle.reduce(0) { $0 + $1.coverage.reduce(0, +) }
    // A row also lists the outer block, where that is trained.
    let rows = plan.cycle.count * plan.clientCount
    guard pairs + rows <= PlanRecord.maximumPairs else {
      throw ZorBAError(
        .invalidConfiguration,
        "a cycle of \(plan.cycle.count) matrices lists more than \(PlanRecord.maximumPairs) active "
          + "blocks, which a journal cannot hold", at: .init(field: "blocks.plan"),
        advice: "Use a shorter cycle, fewer clients or fewer blocks a client.")
    }
  }
}
