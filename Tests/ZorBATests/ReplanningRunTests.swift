import Testing
import ZorBADiagnostics
import ZorBAFederation
import ZorBAJournal
import ZorBAOptimization
import ZorBAPlanning

@testable import ZorBA

/// Plans that are made anew during a run, from what its rounds tell.
@Suite struct ReplanningRunTests {
  /// Sensitivities that follow from the scalars of the last round, so that every history has its own.
  private static func restless(_ shape: PlanShape) -> PlanEstimates {
    func sensitivity(_ energies: [Double]) -> BlockSensitivity {
      BlockSensitivity(
        gradientEnergy: energies, clientSpread: energies, sampleNoise: energies,
        clients: shape.clientCount)
    }
    let blocks = shape.blockCount
    let standard = PlanEstimates.sizes(
      RunConfiguration(model: "", data: .init(train: [])), shape)
    return PlanEstimates(
      sensitivity: { sensitivity((0..<blocks).map { Double($0) }) },
      refreshed: { history, _ in
        let last = history.last?.clients.first?.scalars.first ?? 0
        let first = Int(abs(last) * 1e3) % blocks
        return sensitivity((0..<blocks).map { Double(($0 + first + history.count) % blocks) })
      }, costs: standard.costs)
  }

  private static func run(
    _ plan: BlockConfiguration.Plan = .dominant,
    change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> TinyRun {
    var run = try TinyRun {
      $0.blocks.plan = plan
      $0.blocks.active = [0.67]
      $0.blocks.replanEvery = 2
      change(&$0)
    }
    run.estimates = Self.restless
    return run
  }

  private func plans(in out: String) throws -> [PlanRecord] {
    let reader = try JournalReader(path: RunFolder(path: out).journal)
    var plans: [PlanRecord] = []
    while let entry = try reader.next() {
      guard case .plan(let plan) = entry.record else { continue }
      #expect(plan.firstRound == reader.lastRound + 1)
      plans.append(plan)
    }
    return plans
  }

  @Test func aNewPlanIsJournaledBeforeItsFirstRound() throws {
    let run = try Self.run()
    let result = try run.run()
    let plans = try plans(in: run.configuration.out)
    #expect(plans.count > 1)
    #expect(plans.allSatisfy { ($0.firstRound - 1) % 2 == 0 })
    for round in result.history {
      let plan = try #require(plans.last { $0.firstRound <= UInt64(round.round) })
      let rows = try #require(plan.matrix(round: UInt64(round.round)))
      #expect(round.clients.map(\.activeBlocks) == rows.map(\.blocks.count))
    }
    var timeline = ActivationTimeline(try plans[0].plan(clients: 3, blocks: 3))
    for plan in plans.dropFirst() { timeline.adopt(try plan.plan(clients: 3, blocks: 3)) }
    #expect(result.activeShare == timeline.activeShare(rounds: 6))
  }

  /// Interrupted after every round, on and on, the run makes the same plans.
  @Test(arguments: [1, 3]) func interruptionsChangeNoPlan(steps: Int) throws {
    let run = try Self.run { $0.method.localSteps = steps }
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    for stride in 1...3 {
      let out = run.folder.path("again-\(stride)")
      var result = try run.run(stop: 0, out: out)
      while result.isIncomplete { result = try run.run(resume: true, stop: stride, out: out) }
      #expect(try RunTrace(result, out: out) == whole)
    }
  }

  /// Killed in any record: inside a plan, and between a plan and the first round that follows it.
  @Test func killsChangeNoPlan() throws {
    try ResumeTests.checkKills(of: Self.run(), seed: 5)
    try ResumeTests.checkKills(
      of: Self.run(.lexicographic) {
        $0.blocks.rotateEvery = 3
        $0.blocks.replanEvery = 1
        $0.federation.participation = 0.5
      }, seed: 6)
  }

  /// Once a plan is in the journal the run follows it, whatever would be planned now.
  @Test func theJournalDecidesNotThePlanner() throws {
    var run = try Self.run()
    let whole = try RunTrace(run.run(), out: run.configuration.out)
    let out = run.folder.path("again")
    _ = try run.run(stop: run.configuration.rounds - 1, out: out)
    run.estimates = { shape in
      PlanEstimates(
        sensitivity: { throw ZorBAError(.invalidConfiguration, "asked again") },
        costs: { throw ZorBAError(.invalidConfiguration, "asked again") })
    }
    #expect(try RunTrace(run.run(resume: true, out: out), out: out) == whole)
  }

  @Test func whatStaysTheSameIsNotJournaledAgain() throws {
    var run = try Self.run { $0.blocks.replanEvery = 1 }
    run.estimates = nil
    _ = try run.run()
    #expect(try plans(in: run.configuration.out).count == 1)
  }

  @Test func withoutAPlanTheOldOneStays() throws {
    var run = try Self.run()
    run.estimates = { shape in
      var estimates = Self.restless(shape)
      estimates.refreshed = { _, _ in throw ZorBAError(.invalidConfiguration, "too little is known")
      }
      return estimates
    }
    let result = try run.run()
    #expect(!result.isIncomplete && result.warnings.count { $0.contains("too little") } == 2)
    #expect(try plans(in: run.configuration.out).count == 1)
  }

  static let policies: [BlockConfiguration.Plan] = [
    .full, .random, .roundRobin, .contiguous, .dominant, .lexicographic,
  ]

  /// Every policy is a configuration of the same run, with shares and with budgets.
  @Test(arguments: policies) func everyPolicyRuns(_ plan: BlockConfiguration.Plan) throws {
    let run = try TinyRun {
      $0.blocks.plan = plan
      $0.blocks.active = [0.34, 0.67, 1]
      $0.rounds = 4
    }
    let result = try run.run()
    let counts = plan == .full ? [3, 3, 3] : [1, 2, 3]
    for (shares, count) in zip(result.activeShare, counts) {
      #expect(shares.reduce(0, +) <= Double(count) + 1e-9 && shares.contains { $0 > 0 })
    }
    #expect(result.history.allSatisfy { $0.coveredBlocks == 3 })
    var roomy = run
    roomy.configuration.blocks.active = BlockConfiguration().active
    roomy.configuration.blocks.budgetsMiB = [64]
    roomy.configuration.out = run.folder.path("budgets")
    // With room for everything the planner still leaves out what does more harm than good.
    let shares = try roomy.run().activeShare
    #expect(shares.allSatisfy { $0.contains { $0 > 0 } })
    #expect(plan == .lexicographic || shares.joined().allSatisfy { $0 > 0 })
    var tight = roomy
    tight.configuration.blocks.budgetsMiB = [0.001]
    tight.configuration.out = run.folder.path("tight")
    if plan != .lexicographic {
      let error = #expect(throws: ZorBAError.self) { try tight.run() }
      #expect(error?.location.field == "blocks.budgets_mib")
    }
  }

  @Test func demandsNameClientsAndBlocks() throws {
    for (change, field): (@Sendable (inout BlockConfiguration) -> Void, String) in [
      ({ $0.required = ["nobody": [1]] }, "blocks.required"),
      ({ $0.forbidden = ["a": [4]] }, "blocks.forbidden"),
      ({ $0.together = [[3, 4]] }, "blocks.together"),
      ({ $0.active = [0.5, 0.5] }, "blocks.active"),
    ] {
      let run = try TinyRun {
        $0.blocks.plan = .lexicographic
        change(&$0.blocks)
      }
      let error = #expect(throws: ZorBAError.self) { try run.prepared() }
      #expect(error?.code == .invalidConfiguration && error?.location.field == field)
    }
  }

  @Test func aCalibrationThatIsNotThereIsNamed() throws {
    let run = try TinyRun {
      $0.blocks.plan = .lexicographic
      $0.blocks.calibration = "nowhere/c.json"
    }
    let error = #expect(throws: ZorBAError.self) { try run.prepared() }
    #expect(error?.location.file == "nowhere/c.json")
  }

  /// A run with a probe plans from what it measured, and leaves that and the plan in its folder.
  @Test func aProbedRunLeavesWhatItMeasured() throws {
    let run = try TinyRun {
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.34, 0.67, 1]
      $0.blocks.sensitivity = .probe
      $0.blocks.probeDirections = 4
      $0.rounds = 2
    }
    let result = try run.run()
    let folder = RunFolder(path: run.configuration.out)
    let measured = try MeasuredSensitivity(contentsOf: folder.sensitivity)
    #expect(measured.directions == 4 && measured.estimate.gradientEnergy.count == 3)
    let plan = try PlanFile.read(path: folder.plan)
    #expect(plan.sensitivity == measured.estimate && plan.policy == "lexicographic")
    #expect(plan.plan.activeShare.joined().reduce(0, +) > 0 && result.rounds == 2)
    // The measured file serves another run, which plans the same.
    var second = run
    second.configuration.blocks.sensitivity = .file(folder.sensitivity)
    second.configuration.out = run.folder.path("second")
    _ = try second.run()
    let again = try PlanFile.read(path: RunFolder(path: second.configuration.out).plan)
    #expect(again.plan.cycle == plan.plan.cycle)
  }

  /// The problem says what the configuration says, in the planner's own counting.
  @Test func theProblemIsTheConfigurations() throws {
    let run = try TinyRun {
      $0.blocks.plan = .lexicographic
      $0.blocks.active = [0.67, 0.67, 1]
      $0.blocks.required = ["b": [2, 3]]
      $0.blocks.forbidden = ["a": [1]]
      $0.blocks.together = [[2, 3]]
      $0.blocks.cycle = 6
      $0.blocks.rotateEvery = 5
      $0.blocks.stages = [.time, .memory]
      $0.blocks.epsilon = [0.25]
      $0.method.directions = 4
      $0.method.localSteps = 2
      $0.federation.weights = .examples
    }.prepared()
    let problem = try run.drawing.problem()
    #expect(problem.required == [1: [1, 2]] && problem.forbidden == [0: [0]])
    #expect(problem.groups == [[1, 2]] && problem.stages == [.time, .memory])
    #expect(problem.epsilon == [0.25] && problem.minimumClients == 1)
    #expect(problem.rotation == .init(length: 6, window: 5, minimumShare: 1))
    #expect(problem.convergence.weights == [0.5, 1.0 / 3, 1.0 / 6])
    // lambda = L eta with L = P / (eta d): a share of the parameters.
    let parameters = run.drawing.shape.parameters.reduce(0, +)
    #expect(abs(problem.convergence.varianceWeight * parameters / 4 - 1) < 1e-12)
    // Blocks at binary32, and no less.
    let site = problem.sites[0]
    #expect(zip(site.residentBytes, run.drawing.shape.parameters).allSatisfy { $0 >= 4 * $1 })
    let rows = zip(problem.budgets, problem.sites).map { budget, site in
      (budget - site.fixedBytes) / site.residentBytes[0]
    }
    #expect(rows == [2, 2, 3])
    var steep = run.configuration
    steep.blocks.smoothness = 40
    let drawing = PlanDrawing(
      steep, shape: run.drawing.shape, runKey: run.runKey, estimates: run.drawing.estimates)
    #expect(
      try drawing.problem().convergence.varianceWeight == 40 * steep.method.learningRate)
  }
}
