import ZorBAConsole
import ZorBAFederation
import ZorBAPlanning
import ZorBAReport

extension PlanReport {
  /// The report of a plan.
  init(_ outcome: PlanningOutcome, of subject: PlanSubject, front: [Planner.FrontPoint]) {
    let problem = subject.instance.problem
    self.init(
      title: subject.title, facts: Self.facts(of: subject), constraints: Self.limits(of: problem),
      sites: Self.sites(of: outcome, subject), blocks: Self.blocks(of: outcome, problem),
      share: outcome.plan.activeShare, cycleLength: outcome.plan.cycle.count,
      window: outcome.plan.window, stages: outcome.stages.map(Stage.init),
      front: front.map(FrontPoint.init), timeUnit: subject.timeUnit, deadline: problem.deadline)
    notes = Self.notes(on: outcome, problem)
    groups = outcome.grouping.map { grouping in
      Groups(
        minimum: grouping.size,
        members: grouping.groups.map { $0.map { subject.instance.names[$0] } },
        without: grouping.free.map {
          .init(convergence: $0.convergence, memory: $0.memory, time: $0.seconds)
        })
    }
  }

  private static func sites(of outcome: PlanningOutcome, _ subject: PlanSubject) -> [Site] {
    let problem = subject.instance.problem
    let share = outcome.plan.activeShare
    let scalars = 4 * problem.convergence.directions * Double(subject.localSteps)
    let coefficients = Self.coefficients(in: outcome.plan, problem.convergence.seeding)
    return subject.instance.names.indices.map { client in
      Site(
        name: subject.instance.names[client], activeBlocks: share[client].reduce(0, +),
        memory: outcome.memory[client], budget: problem.budgets[client],
        time: outcome.seconds[client], bytesUp: scalars, bytesDown: scalars * coefficients)
    }
  }

  /// Coefficients that a commit carries for one direction, on average over the cycle: one for every
  /// block that somebody trains, or one for every client that trains it where directions differ.
  private static func coefficients(
    in plan: ActivationPlan, _ seeding: ConvergenceModel.Seeding
  ) -> Double {
    let counts = plan.cycle.map { matrix in
      seeding == .shared
        ? matrix.coverage.count { $0 > 0 } : matrix.coverage.reduce(0, +)
    }
    return Double(counts.reduce(0, +)) / Double(counts.count)
  }

  private static func blocks(of outcome: PlanningOutcome, _ problem: PlanningProblem) -> [Block] {
    let model = problem.convergence
    let sensitivity = model.sensitivity
    let share = outcome.plan.activeShare
    return (0..<problem.blockCount).map { block in
      let noise = sensitivity.sampleNoise.reduce(0) { $0 + $1[block] }
      return Block(
        parameters: model.parameters[block], gradientEnergy: sensitivity.gradientEnergy[block],
        clientSpread: sensitivity.clientSpread[block],
        sampleNoise: noise / Double(problem.clientCount),
        coverage: share.reduce(0) { $0 + $1[block] }, bias: outcome.convergence.bias[block],
        variance: outcome.convergence.variance[block])
    }
  }

  private static func facts(of subject: PlanSubject) -> [RunReport.Fact] {
    let model = subject.instance.problem.convergence
    return [
      .init("Sites", "\(model.clientCount)"), .init("Blocks", "\(model.blockCount)"),
      .init("Directions a step", "\(Int(model.directions))"),
      .init("Local steps", "\(subject.localSteps)"), .init("Seeding", model.seeding.rawValue),
      .init("Weight of variance, lambda", "\(model.varianceWeight)"),
    ]
  }

  private static func limits(of problem: PlanningProblem) -> [RunReport.Fact] {
    var limits: [RunReport.Fact] = [
      .init("Sites that every block must have", "\(problem.minimumClients)"),
      .init("Blocks that every site must have", "\(problem.minimumBlocks)"),
      .init("Order of stages", problem.stages.map(\.rawValue).joined(separator: ", ")),
      .init(
        "Given up to later stages at most",
        problem.epsilon.map { NumberFormat.percent($0) }.joined(separator: ", ")),
      .init(
        "Rotation",
        problem.rotation.length > 1
          ? "\(problem.rotation.length) assignments, \(problem.rotation.window) rounds each"
          : "none"),
    ]
    func count(_ rules: [Int: Set<Int>]) -> Int { rules.values.reduce(0) { $0 + $1.count } }
    for (name, rules) in [("Required", problem.required), ("Forbidden", problem.forbidden)]
    where count(rules) > 0 {
      limits.append(.init("\(name) pairs of site and block", "\(count(rules))"))
    }
    if !problem.groups.isEmpty {
      let groups = problem.groups.prefix(12).map { "\($0.map(String.init).joined(separator: " "))" }
      limits.append(.init("Blocks trained together", groups.joined(separator: " | ")))
    }
    return limits
  }

  /// What a reader of the plan should not miss.
  private static func notes(
    on outcome: PlanningOutcome, _ problem: PlanningProblem
  ) -> [RunReport.Note] {
    guard problem.clientCount > 1 else { return [] }
    let alone = (0..<problem.blockCount).filter { block in
      outcome.plan.cycle.contains { $0.coverage[block] == 1 }
    }
    guard !alone.isEmpty else { return [] }
    let names = alone.prefix(12).map(String.init).joined(separator: ", ")
    let rest = alone.count > 12 ? " and \(alone.count - 12) more" : ""
    return [
      .init(
        .remark,
        "A single site trains block \(names)\(rest) in some rounds, so the aggregate shows that "
          + "site's scalars. Require two sites a block (min_clients) to avoid it.")
    ]
  }
}

extension PlanReport.Stage {
  fileprivate init(_ result: PlanningOutcome.StageResult) {
    let objective: Objective =
      switch result.stage {
      case .convergence: .convergence
      case .memory: .memory
      case .time: .time
      }
    self.init(
      objective: objective, value: result.value, lowerBound: result.lowerBound ?? 0,
      isProvenOptimal: result.isProvenOptimal)
  }
}

extension PlanReport.FrontPoint {
  fileprivate init(_ point: Planner.FrontPoint) {
    let outcome = point.outcome
    // Bounds hold for all plans within the limits of earlier stages only.
    let isConvergenceFirst = outcome.stages.first?.stage == .convergence
    let second = outcome.stages.dropFirst().first
    self.init(
      epsilon: point.epsilon, convergence: outcome.convergence.value,
      memory: outcome.memory.reduce(0, +), time: outcome.seconds.max() ?? 0,
      memoryBound: isConvergenceFirst && second?.stage == .memory ? second?.lowerBound : nil,
      convergenceBound: isConvergenceFirst ? outcome.stages.first?.lowerBound : nil,
      isProvenOptimal: outcome.isProvenOptimal)
  }
}
